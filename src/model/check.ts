import type {DeliveryRole} from './delivered.ts'
import type {Ref} from './ref.ts'
import type {Asked, Parts} from './snapshot.ts'

export type Severity = 'error' | 'warning' | 'info'

/** One thing wrong: the object to change, what is wrong with it, and the exact YAML or command that mends it. */
export interface Finding {
  subject: Ref
  message: string
  hint: string
  fix: string
  severity: Severity
  /** The port rows it speaks of, as `namespace/kind/name:port`, if any. */
  endpoints: string[]
  /** Against a baseline that fits: true where it is not in there. */
  isNew?: boolean
  /** A waiver of it, ready for the ledger; the reason, owner and day are the reader's to write. '' where none could excuse it. */
  waiver?: string
}

/** A check says `unknown` when a needed part was unread or it threw, `skipped` when its role was not granted or it was ignored. */
export type CheckStatus = 'pass' | 'fail' | 'unknown' | 'skipped'

/** What a check said, as the report prints it. */
export interface CheckResult {
  code: string
  slug: string
  status: CheckStatus
  severity: Severity
  title: string
  why: string
  docs: string
  /** Why unknown or skipped, else ''. */
  reason: string
  findings: Finding[]
  /** Of a merged report: where it was asked. */
  cluster?: string
}

/** The values of the parts a check declared, already read. */
export type Needed<K extends keyof Parts> = {
  [P in K]: Parts[P] extends infer Q ? (Q extends {read: true; value: infer V} ? V : never) : never
}

/** What a check may know besides the snapshot's parts. */
export interface CheckContext {
  asked: Asked
  /** The snapshot's moment, in milliseconds since the epoch. */
  now: number
}

/** A finding as a check returns it: the check's own severity and hint stand in where it gives none. */
export type PartialFinding = Pick<Finding, 'subject' | 'message'> & Partial<Finding>

/** A rule on one screen: pure and synchronous, it sees only the parts it declared. */
export interface Check<K extends keyof Parts = keyof Parts, U extends keyof Parts = keyof Parts> {
  code: string
  slug: string
  severity: Severity
  needs: readonly K[]
  /** Parts it can do without: handed over as they are, read or not. */
  uses?: readonly U[]
  /** True when it passes, in the present tense. */
  title: string
  /** True when it fails. */
  failure: string
  why: string
  hint: string
  /** The role by which the part `delivered` is read for it: not granted, it is skipped; a pod that could not be read leaves it unknown. */
  role?: DeliveryRole
  /** Applies at all to what was asked? Returns why not, or null. */
  skip?(asked: Asked): string | null
  run(parts: Needed<K>, context: CheckContext, used: Pick<Parts, U>): PartialFinding[]
}

/** Declares a check; `needs` and `uses` fix what `run` may see. */
export function check<const K extends keyof Parts, const U extends keyof Parts = never>(definition: Check<K, U>): Check {
  return definition as unknown as Check
}

/** A finding about `subject`; what it leaves out comes from the check. */
export function finding(subject: Ref, message: string, more: Partial<Omit<Finding, 'subject' | 'message'>> = {}): PartialFinding {
  return {subject, message, ...more}
}
