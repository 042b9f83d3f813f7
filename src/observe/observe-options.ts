import type {Probes} from '../model/evidence.ts'
import type {ValidationAnswer} from '../model/mesh.ts'
import type {ProberOptions} from './prober-options.ts'

/** How to look; times in clock ticks. */
export interface ObserveOptions {
  clusterName: string
  probes: {mode: Probes['by'] | 'off'; exclude: string[]; concurrency: number; prober?: ProberOptions}
  /** Until when ports that do not yet show a policy just changed are asked again; null: nothing was changed. */
  settleUntil: number | null
  /** When the cluster was last changed by this run; absent or null: it was not. */
  changedAt?: number | null
  deadline: number
  /** The dry run of m103; null unless the run may create objects. */
  askWebhook: (() => Promise<ValidationAnswer>) | null
}
