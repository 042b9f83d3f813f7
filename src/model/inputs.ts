/** The action's inputs, validated: names as in action.yml, in camel case. Durations in milliseconds. */
export interface Inputs {
  mode: 'enforce' | 'validate' | 'plan' | 'uninstall'
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
  profile: 'sidecar' | 'ambient'
  revision: string
  /** Revision tags that shall point at `revision`. */
  tags: string[]
  /** Istio's `global.platform`, '' for none. */
  platform: string
  charts: string[]
  /** SHA-256 as lower-case hex by chart name. */
  chartDigests: Record<string, string>
  hub: string
  imagePullSecrets: string[]
  /** YAML texts, already read from files where files were named. */
  values: string
  baseValues: string
  cniValues: string
  ztunnelValues: string
  helmVersion: string
  helmChecksum: string
  helmMirror: string
  timeoutMs: number
  deadlineMs: number
  lockTimeoutMs: number
  namespaces: string[]
  excludeNamespaces: string[]
  enroll: boolean
  mtlsMode: 'STRICT' | 'PERMISSIVE'
  rollout: 'guarded' | 'immediate'
  /** '' when no floor is asked for. */
  minTls: '' | '1.2' | '1.3'
  /** Files, folders or globs of the user's own Istio policies. */
  policies: string[]
  accessLogging: boolean
  requireAuthorization: boolean
  purgeCrds: boolean
  require: 'proven' | 'configured'
  failOn: 'warning' | 'error' | 'never'
  minCoverage: number
  gate: 'all' | 'new'
  allowEmpty: boolean
  probes: 'api-server' | 'pod' | 'mesh' | 'direct' | 'off'
  probeExclude: string[]
  probeConcurrency: number
  /** '' for the proxy image of this mesh. */
  proberImage: string
  /** Where probers stand; made and removed again where it does not exist. */
  proberNamespace: string
  /** Path of the waiver ledger, '' for the default place. */
  waivers: string
  waiverAnnotations: boolean
  ignore: string[]
  /** Path of an earlier report.json, '' for none. */
  baseline: string
  summary: 'full' | 'brief' | 'off'
  comment: 'always' | 'on-change' | 'on-failure' | 'never'
  commentKey: string
  annotations: boolean
  diagnostics: boolean
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
