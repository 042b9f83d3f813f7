import type {CheckResult} from './check.ts'
import type {Endpoint} from './endpoint.ts'
import type {Control} from './evidence.ts'

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
  status: 'in-force' | 'expiring' | 'expired' | 'unused' | 'too-broad' | 'pending'
  /** What it covered in this run: rows as `namespace/Kind/name:port`, findings as `code` and their rows. */
  covers: string[]
  file: string
  line: number
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
  results: CheckResult[]
  controls: Control[]
  /** Things worth a line that judge nothing: exclusions, skipped TLS verification, digests used. */
  notes: string[]
  waivers: Waiver[]
  comparison: null | {new: number; fixed: number}
  /** Parts of the snapshot that the rows rest on and that could not be read: they make the verdict unknown, whatever `ignore` says. */
  unread: {part: string; reason: string}[]
}

/** What a stage did: `says` one sentence for the log and the summary; `notes` worth a line in the report. */
export interface Outcome {
  changed: boolean
  says: string
  steps: {name: string; ms: number; says: string}[]
  notes: string[]
}
