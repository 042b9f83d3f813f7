/** The action's inputs, validated: names as in action.yml, in camel case. Durations in milliseconds. */
export interface Inputs {
  mode: 'enforce' | 'validate'
  kubeconfig: KubeconfigSource
  allowExec: boolean
  context: string
  clusterName: string
  expectedCluster: string
  insecureSkipTlsVerify: boolean
  /** Manifests or a snapshot to judge without a cluster; [] when a cluster is judged. */
  from: string[]
  install: 'auto' | 'always' | 'never'
  takeOver: boolean
  istioVersion: string
  /** True when the user wrote istio-version (validate then compares). */
  istioVersionGiven: boolean
  revision: string
  charts: string[]
  hub: string
  /** YAML texts, already read from files where files were named. */
  values: string
  baseValues: string
  helmVersion: string
  helmChecksum: string
  helmMirror: string
  timeoutMs: number
  deadlineMs: number
  namespaces: string[]
  excludeNamespaces: string[]
  mtlsMode: 'STRICT' | 'PERMISSIVE'
  rollout: 'immediate'
  require: 'proven' | 'configured'
  failOn: 'warning' | 'error' | 'never'
  minCoverage: number
  allowEmpty: boolean
  probes: 'api-server' | 'off'
  probeExclude: string[]
  probeConcurrency: number
  /** Path of the waiver ledger, '' for the default place. */
  waivers: string
  ignore: string[]
  summary: 'full' | 'brief' | 'off'
  comment: 'always' | 'on-change' | 'on-failure' | 'never'
  commentKey: string
  annotations: boolean
  githubToken: string
  prNumber: number | null
  reportDir: string
}

/** Where the kubeconfig comes from, decided but not yet read. */
export type KubeconfigSource =
  | {from: 'content'; content: string; input: string}
  | {from: 'path'; path: string; input: string; explicit: boolean}
  | {from: 'in-cluster'}
  | {from: 'none'}
