import type {Authorization} from './authorization.ts'
import type {CheckResult, Severity} from './check.ts'
import type {EffectiveMode, Endpoint, PortVerdict} from './endpoint.ts'
import type {Control} from './evidence.ts'
import type {Forecast, Planned} from './forecast.ts'
import type {Ref} from './ref.ts'

export type VerdictStatus = 'pass' | 'fail' | 'unknown'

/** The one-sentence judgement; coverage in percent with one decimal, 100 when there is nothing to cover. */
export interface Verdict {
  status: VerdictStatus
  reason: string
  coverage: number
}

/** One stage of the run; `ms` wall time; `changed`: it altered the cluster; `steps`: named parts with their own times. */
export interface Stage {
  name: string
  status: 'done' | 'failed' | 'skipped'
  ms: number
  changed: boolean
  says: string
  steps: {name: string; ms: number; says: string}[]
  /** When failed: what to do, and the anchor in docs/troubleshooting.md. */
  cure: string
  entry: string
  cluster?: string
}

/** Row counts by verdict. */
export interface Counts {
  total: number
  proven: number
  configured: number
  exempt: number
  unproven: number
  violated: number
}

/** A waiver as the ledger holds it, and what became of it. */
export interface Waiver {
  code: string
  namespace: string
  workload: string
  port: number | null
  reason: string
  owner: string
  expires: string
  status: 'in-force' | 'expiring' | 'expired' | 'unused' | 'too-broad' | 'malformed' | 'pending'
  /** What it covered in this run: rows as `namespace/Kind/name:port`, findings as `code` and their rows. */
  covers: string[]
  file: string
  line: number
  /** The object whose annotation says it; absent for an entry of the ledger. */
  by?: Ref
  cluster?: string
  /** Against a baseline that fits: not in it in this state. */
  isNew?: boolean
}

/** On what terms a run was judged: two reports can only be compared, and a report judged again, with these in mind. */
export interface Terms {
  require: 'proven' | 'configured'
  failOn: 'warning' | 'error' | 'never'
  minCoverage: number
  allowEmpty: boolean
  mtlsMode: 'STRICT' | 'PERMISSIVE'
  gate: 'all' | 'new'
  /** Check codes left out. */
  ignore: string[]
}

/** A port that changed against the baseline; null where there was no such row, or is none any more. */
export interface PortChange {
  /** As findings name rows. */
  id: string
  before: {verdict: PortVerdict; mode: EffectiveMode} | null
  now: {verdict: PortVerdict; mode: EffectiveMode} | null
}

/** This report beside an earlier one. What is new carries `isNew` itself: findings, rows and waivers. */
export interface Comparison {
  /** Findings by number; `unseen` are those of the baseline whose check could not judge this time: neither fixed nor there. */
  new: number
  fixed: number
  unchanged: number
  unseen: number
  /** Why the two cannot be compared, or ''; all numbers are then 0 and nothing carries `isNew`. */
  misfit: string
  /** What differs between the two and forbids no comparison. */
  remarks: string[]
  baseline: {takenAt: string; status: VerdictStatus; coverage: number; cluster: string; uid: string; istio: string}
  /** The fixed findings. */
  gone: {code: string; severity: Severity; subject: Ref; message: string}[]
  worse: PortChange[]
  better: PortChange[]
}

/** One cluster of a merged report; its rows, results, stages and waivers name it in `cluster`. */
export interface ClusterReport {
  /** Unique within the report. */
  name: string
  uid: string
  verdict: Verdict
  counts: Counts
  mode: string
  takenAt: string
  changed: boolean
  istio: string
  kubernetes: string
  scope: {namespaces: string[]; exclude: string[]}
  terms: Terms
  notes: string[]
  comparison: Comparison | null
  /** The file it was read from. */
  file: string
}

/** The bundle that a run left with `diagnostics`. */
export interface Diagnostics {
  folder: string
  /** Where to look first, why, and the anchor in docs/troubleshooting.md. */
  first: {file: string; why: string; entry: string}
  files: {name: string; says: string}[]
  /** What is not in it, and why. */
  withheld: string[]
}

/** All that will be said, by every channel alike (schema/report.schema.json). */
export interface Report {
  version: 1
  verdict: Verdict
  mode: string
  takenAt: string
  cluster: {name: string; uid: string; kubernetes: string; istio: string; revision: string; rootNamespace: string; trustDomain: string}
  scope: {namespaces: string[]; exclude: string[]}
  counts: Counts
  changed: boolean
  stages: Stage[]
  endpoints: Endpoint[]
  /** Who may call each workload; null where it was not read, absent in reports of older versions and in merged ones. */
  authorization?: Authorization[] | null
  results: CheckResult[]
  controls: Control[]
  /** Things worth a line that judge nothing: exclusions, skipped TLS verification, digests used. */
  notes: string[]
  waivers: Waiver[]
  comparison: Comparison | null
  terms: Terms
  diagnostics?: Diagnostics
  /** The fork whose code wrote the judged evidence; absent where the evidence is our own. */
  reportedBy?: {repo: string; sha: string}
  /** Who would break under STRICT: of `mode: plan`, and of a guarded rollout that had something to write. */
  forecast?: Forecast
  /** Only of `mode: plan`: what `enforce` would change. The rows and findings are then those of the cluster as it would be. */
  planned?: Planned
  /** Of a merged report: its clusters, worst first. */
  clusters?: ClusterReport[]
  /** Parts of the snapshot that the rows rest on and that could not be read: they make the verdict unknown, whatever `ignore` says. */
  unread: {part: string; reason: string; cluster?: string}[]
}

/** What a stage did: `says` one sentence for the log and the summary; `notes` worth a line in the report. */
export interface Outcome {
  changed: boolean
  says: string
  steps: {name: string; ms: number; says: string}[]
  notes: string[]
}
