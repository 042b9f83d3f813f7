import type {Evidence} from './evidence.ts'
import type {Ref} from './ref.ts'
import type {Protocol} from './workload.ts'

/** Who enforces for a pod (rule 21). */
export type DataPlane = 'sidecar' | 'ambient' | 'gateway' | 'waypoint' | 'proxyless' | 'none'

/** The mode in force on a port; NONE: nothing intercepts it; GATEWAY: the gateway's own tls block decides. */
export type EffectiveMode = 'STRICT' | 'PERMISSIVE' | 'DISABLE' | 'NONE' | 'GATEWAY'

/** interface.md, "The verdict, exactly". */
export type PortVerdict = 'violated' | 'proven' | 'configured' | 'unproven' | 'exempt'

/** Why a row is exempt. */
export type Exemption = 'waiver' | 'migration' | 'gateway' | 'mesh-port' | 'not-tcp'

/** One row of the verdict: a port of a workload; `port` null stands for all undeclared ports. */
export interface Endpoint {
  namespace: string
  workload: {kind: string; name: string}
  pods: string[]
  port: number | null
  protocol: Protocol
  dataPlane: DataPlane
  mode: EffectiveMode
  /** The policy that decided; null: Istio's default (PERMISSIVE), or no policy can (NONE, GATEWAY). */
  decidedBy: Ref | null
  verdict: PortVerdict
  because: Exemption | null
  /** One sentence: why this verdict. */
  reason: string
  evidence: Evidence[]
  file?: string
  line?: number
  /** Of a merged report: whose row this is. */
  cluster?: string
  /** Against a baseline that fits: true where this row is worse than there. */
  isNew?: boolean
}
