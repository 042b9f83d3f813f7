import type {Bundle} from './bundle.ts'
import {checks} from './checks/index.ts'
import {runChecks} from './checks/run.ts'
import {endpoints} from './derive/endpoints.ts'
import type {Io} from './io/io.ts'
import type {CheckResult} from './model/check.ts'
import type {Endpoint} from './model/endpoint.ts'
import type {Inputs} from './model/inputs.ts'
import type {Waiver} from './model/report.ts'
import type {Snapshot} from './model/snapshot.ts'
import {waive} from './report/waive.ts'
import {type Place, readAnnotations} from './waiver-annotations.ts'
import type {Ledgers} from './waivers.ts'

/** What the checks and the waivers make of a snapshot. */
export interface Judged {
  endpoints: Endpoint[]
  results: CheckResult[]
  waivers: Waiver[]
  notes: string[]
}

/** Runs all checks, makes the rows, and excuses what waivers excuse; `bundle` where an earlier run is judged again. */
export async function judge(
  inputs: Inputs,
  snapshot: Snapshot,
  {ledger, pending, bundle}: Ledgers & {bundle: Bundle | null},
  {docsUrl, ...place}: Place & {docsUrl: string},
  io: Io,
): Promise<Judged> {
  // A mesh that was taken away is not judged: what counts then is what is left of it, and the stage itself looks for that.
  if (inputs.mode === 'uninstall') return {endpoints: [], results: [], waivers: [], notes: []}
  const results = runChecks(checks, snapshot, {ignore: inputs.ignore, docsBase: `${docsUrl}/checks`})
  const rows = endpoints(snapshot)
  const annotated = await readAnnotations(inputs, snapshot, rows, place, io)
  const counting = [...ledger, ...annotated.ledger]
  const judged = waive(counting, [...pending, ...annotated.pending], rows, results, waiversAt(snapshot, bundle, io))
  return {...judged, waivers: [...judged.waivers, ...annotated.wrong, ...(bundle?.wrong ?? [])], notes: annotated.notes}
}

/** A waiver that ended since an old snapshot was taken excuses nothing today; a bundle is judged as its own run was. */
function waiversAt({takenAt}: Snapshot, bundle: Bundle | null, {clock}: Io): number {
  return bundle === null ? Math.max(Date.parse(takenAt), clock.now().getTime()) : Date.parse(takenAt)
}
