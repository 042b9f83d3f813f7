import type {KubeObject} from '../../src/io/io.ts'

/** The objects with the mesh's root in every namespace, as istiod writes it; not where a fixture writes its own or says `# no root in: NAMESPACE`. */
export function rootsHandedOut(objects: KubeObject[], text: string): KubeObject[] {
  const name = 'istio-ca-root-cert'
  const holders = objects.filter(({kind, metadata}) => kind === 'ConfigMap' && metadata.name === name)
  const without = new Set([...text.matchAll(/^# no root in: (\S+)$/gm)].map(([, namespace]) => namespace))
  const root = holders.find(({metadata}) => metadata.namespace === 'istio-system')
  if (root === undefined) return objects
  const served = new Set(holders.map(({metadata}) => metadata.namespace))
  const handed = objects
    .filter(({kind, metadata}) => kind === 'Namespace' && !served.has(metadata.name))
    .map(({metadata}) => ({...root, metadata: {name, namespace: metadata.name}}))
  return [...objects, ...handed].filter((object) => !(object.metadata.name === name && without.has(object.metadata.namespace)))
}
