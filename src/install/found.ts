import type {Mark} from './mark.ts'
import type {Owner} from './owner.ts'

/** The namespace that Istio is installed into; its charts and documentation know no other by default. */
export const istioNamespace = 'istio-system'

/** An istiod Deployment as an installer sees it; `version` '' when neither label nor image tells. */
export interface FoundIstiod {
  namespace: string
  name: string
  revision: string
  version: string
  owner: Owner
  /** RFC 3339, '' when unknown. */
  createdAt: string
}

/**
 * The newest revision of a helm release; `mark` null: not made by this action. `since` in milliseconds since the epoch. `good`: the revision to go
 * back to, the deployed one or else the newest before this; 0: none is on record.
 */
export interface FoundRelease {
  name: string
  namespace: string
  helmRevision: number
  status: string
  since: number
  mark: Mark | null
  good: number
}

/** What an installer must know before it changes anything. */
export interface Found {
  namespace: {exists: boolean; terminating: boolean; reason: string}
  istiods: FoundIstiod[]
  releases: FoundRelease[]
  /** Revisions that repairs of ours made, by release (repair-note.ts). */
  repairs: Record<string, number>
  /** DaemonSets of the data plane; [] where they were not asked for. */
  agents: FoundAgent[]
  /** Owner of Istio's CRDs; null: there are none. */
  crds: Owner | null
  /** Webhook configurations of the cluster, as `ValidatingWebhookConfiguration/istiod-default-validator`. */
  configurations: string[]
  /** The revision that validates objects without a label istio.io/rev; '' when none does. */
  defaultRevision: string
}

/** A DaemonSet of the data plane: Istio's CNI agent or ztunnel. */
export interface FoundAgent {
  chart: AgentChart
  namespace: string
  name: string
  owner: Owner
  /** RFC 3339, '' when unknown. */
  createdAt?: string
}

export type AgentChart = 'cni' | 'ztunnel'
