/**
 * Which environment variables a snapshot may hold (interface.md, "Safety rules"): what is not named here is not even decoded. Of a proxy: its
 * own settings, without those that repeat what the pod says anyway (half of its projection at ten thousand pods).
 */
export function isProxyVariable(name: string): boolean {
  return (name.startsWith('ISTIO_META_') && !repeated.has(name)) || name === 'DISABLE_ENVOY' || name === 'ISTIO_DUAL_STACK'
}

const repeated = new Set(['ISTIO_META_POD_PORTS', 'ISTIO_META_APP_CONTAINERS', 'ISTIO_META_OWNER', 'ISTIO_META_WORKLOAD_NAME'])

/** Of an istiod: its feature switches (pilot/pkg/features); nothing that could hold a credential. */
export function isIstiodSwitch(name: string): boolean {
  return switches.has(name) || /^(PILOT|ENABLE|XDS|ISTIO_META)_/.test(name)
}

const switches = new Set([
  'REVISION',
  'SHARED_MESH_CONFIG',
  'EXTERNAL_ISTIOD',
  'CLUSTER_ID',
  'CA_TRUSTED_NODE_ACCOUNTS',
  'PLATFORM',
  'GODEBUG',
])
