import type {KubeObject} from '../io/io.ts'
import type {Service} from '../model/workload.ts'
import {protocolOf} from './project-container.ts'
import {metaFrom} from './project-meta.ts'
import {type Fields, fieldsOf, isFields, listOf, numberOf, portOf, textMapOf, textOf} from './untrusted.ts'

/** A Service, projected; a port without targetPort targets its own number, as the API server defaults it. */
export function serviceFrom(object: KubeObject): Service {
  const spec = fieldsOf(object['spec'])
  return {
    ...metaFrom(object),
    type: textOf(spec['type']) || 'ClusterIP',
    clusterIP: textOf(spec['clusterIP']),
    externalName: textOf(spec['externalName']),
    selector: isFields(spec['selector']) ? textMapOf(spec['selector']) : null,
    ports: listOf(spec['ports']).flatMap(portFrom),
  }
}

function portFrom(declared: Fields): Service['ports'] {
  const port = portOf(declared['port'])
  if (port === null) return []
  const target = declared['targetPort']
  return [
    {
      name: textOf(declared['name']),
      port,
      targetPort: typeof target === 'string' && target !== '' ? target : (portOf(target) ?? port),
      protocol: protocolOf(declared['protocol']),
      appProtocol: textOf(declared['appProtocol']),
      nodePort: numberOf(declared['nodePort'], 0),
    },
  ]
}
