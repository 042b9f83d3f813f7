import {parse} from 'yaml'
import {defaultMesh as defaults} from '../derive/mesh-for.ts'
import type {KubeObject} from '../io/io.ts'
import type {Mesh} from '../model/mesh.ts'
import {metaFrom, placeOf} from './project-meta.ts'
import {labelSelectorFrom} from './project-webhook.ts'
import {type Fields, fieldsOf, isFields, listOf, textMapOf, textOf, textsOf} from './untrusted.ts'

/** True for a ConfigMap that an istiod reads as its mesh configuration: `istio` or `istio-REVISION` with a key `mesh`. */
export function isMeshConfig(configMap: KubeObject): boolean {
  const {name} = metaFrom(configMap)
  return (name === 'istio' || name.startsWith('istio-')) && typeof fieldsOf(configMap['data'])['mesh'] === 'string'
}

/**
 * The mesh configuration of one control plane, with Istio's defaults (pkg/config/mesh/mesh.go: DefaultMeshConfig). The ConfigMap's name
 * gives the revision (pilot/pkg/bootstrap/mesh.go: getMeshConfigMapName); `shared` (SHARED_MESH_CONFIG) yields to it field by field.
 * Throws an Error in one sentence when the key `mesh` is no YAML.
 */
export function meshFrom(configMap: KubeObject, shared: KubeObject | null = null): Mesh {
  const {namespace, name} = metaFrom(configMap)
  const config = merged(shared === null ? {} : configOf(shared), configOf(configMap))
  return {...meshOf(config, meshRevision(name), namespace), ...placeOf(configMap)}
}

/** The revision whose istiod reads the ConfigMap of this name. */
export function meshRevision(configMap: string): string {
  return configMap.replace(/^istio-?/, '') || 'default'
}

/** What istiod takes where no mesh configuration is written. */
export function defaultMesh(revision: string, namespace = 'istio-system'): Mesh {
  return meshOf({}, revision || 'default', namespace)
}

function meshOf(config: Fields, revision: string, namespace: string): Mesh {
  const proxy = fieldsOf(field(config, 'defaultConfig'))
  return {
    revision,
    namespace,
    rootNamespace: textOf(field(config, 'rootNamespace')) || defaults.rootNamespace,
    trustDomain: textOf(field(config, 'trustDomain')) || defaults.trustDomain,
    trustDomainAliases: [...new Set(textsOf(field(config, 'trustDomainAliases')))].sort(),
    enableAutoMtls: field(config, 'enableAutoMtls') !== false,
    discoverySelectors: listOf(field(config, 'discoverySelectors')).map(labelSelectorFrom),
    minProtocolVersion:
      field(fieldsOf(field(config, 'meshMTLS')), 'minProtocolVersion') === 'TLSV1_3' ? 'TLSV1_3' : defaults.minProtocolVersion,
    accessLogFile: textOf(field(config, 'accessLogFile')),
    outboundTrafficPolicy: textOf(fieldsOf(field(config, 'outboundTrafficPolicy'))['mode']) || defaults.outboundTrafficPolicy,
    caCertificates: listOf(field(config, 'caCertificates')).length,
    drainDurationSeconds: secondsOf(field(proxy, 'drainDuration')),
    defaultConfigInterceptionMode: textOf(field(proxy, 'interceptionMode')) || defaults.defaultConfigInterceptionMode,
  }
}

function configOf(configMap: KubeObject): Fields {
  const {namespace, name} = metaFrom(configMap)
  const text = textMapOf(configMap['data'])['mesh'] ?? ''
  let config: unknown
  try {
    config = parse(text)
  } catch (error) {
    throw new Error(`the key \`mesh\` of ConfigMap ${namespace}/${name} is no YAML: ${firstLine(error)}`)
  }
  if (config === null || config === undefined) return {}
  if (!isFields(config)) throw new Error(`the key \`mesh\` of ConfigMap ${namespace}/${name} is no mesh configuration: it holds no fields`)
  return config
}

/** As istiod merges its sources: every field overrides, defaultConfig field by field, aliases add up (ApplyMeshConfig). */
function merged(base: Fields, over: Fields): Fields {
  return {
    ...base,
    ...over,
    defaultConfig: {...fieldsOf(field(base, 'defaultConfig')), ...fieldsOf(field(over, 'defaultConfig'))},
    trustDomainAliases: [...textsOf(field(base, 'trustDomainAliases')), ...textsOf(field(over, 'trustDomainAliases'))],
  }
}

/** istiod's YAML reader takes a field by its JSON name or by the name in the .proto file. */
function field(fields: Fields, name: string): unknown {
  return fields[name] ?? fields[name.replace(/[A-Z]+/g, (capitals) => `_${capitals.toLowerCase()}`)]
}

function secondsOf(duration: unknown): number {
  const seconds = /^(\d+(?:\.\d+)?)s$/.exec(textOf(duration))?.[1]
  return seconds === undefined ? defaults.drainDurationSeconds : Number(seconds)
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n', 1)[0] ?? ''
}
