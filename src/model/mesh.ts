import type {ObjectMeta} from './policy.ts'
import type {Ref} from './ref.ts'

/** A Kubernetes label selector as written in meshConfig.discoverySelectors or a webhook. */
export interface LabelSelector {
  matchLabels?: Record<string, string>
  matchExpressions?: {key: string; operator: string; values?: string[]}[]
}

/** One control plane's mesh configuration (ConfigMap `istio` or `istio-REVISION`, key `mesh`); Istio's defaults where unset. */
export interface Mesh {
  /** `default` for an install without a revision (rule 2). */
  revision: string
  /** Namespace of the control plane, where the ConfigMap lies. */
  namespace: string
  rootNamespace: string
  trustDomain: string
  trustDomainAliases: string[]
  enableAutoMtls: boolean
  discoverySelectors: LabelSelector[]
  /** `TLSV1_2` or `TLSV1_3` (rule 19). */
  minProtocolVersion: string
  accessLogFile: string
  outboundTrafficPolicy: string
  caCertificates: number
  drainDurationSeconds: number
  defaultConfigInterceptionMode: string
  file?: string
  line?: number
}

/** One istiod Deployment and what its pods say. */
export interface Istiod extends ObjectMeta {
  revision: string
  version: string
  replicas: number
  readyReplicas: number
  env: Record<string, string>
}

/** A webhook of a Mutating- or ValidatingWebhookConfiguration. */
export interface Webhook {
  configuration: string
  type: 'mutating' | 'validating'
  name: string
  /** Label istio.io/rev of the configuration, or ''. */
  revision: string
  tag: string
  namespaceSelector: LabelSelector
  objectSelector: LabelSelector
  failurePolicy: string
  /** `namespace/name:port/path`, or the URL. */
  target: string
  service: {namespace: string; name: string} | null
  caBundle: string
  file?: string
  line?: number
}

/** The control plane as the API server shows it. */
export interface ControlPlane {
  istiods: Istiod[]
  webhooks: Webhook[]
  /** Ready endpoints of each istiod Service, by `namespace/name`. */
  endpoints: Record<string, number>
  /** What claims to be a control plane though no webhook configuration vouches for it; absent in snapshots of older versions. */
  impostors?: Ref[]
}

/** What istiod's validation webhook answered to the dry run of live-evidence.md, section 6 (m103). */
export interface ValidationAnswer {
  webhook: string
  denied: boolean
  message: string
}

/** Facts about the cluster itself; `uid` is that of namespace kube-system. */
export interface Cluster {
  name: string
  uid: string
  kubernetes: string
  server: string
}
