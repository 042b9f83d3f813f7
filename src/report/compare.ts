import type {CheckResult, Finding} from '../model/check.ts'
import type {Endpoint} from '../model/endpoint.ts'
import {refText} from '../model/ref.ts'
import type {Comparison, Report, Waiver} from '../model/report.ts'
import {comparePorts} from './compare-ports.ts'
import {type Comparable, misfitOf, remarksOf} from './comparable.ts'
import {rankedFindings} from './findings.ts'
import {isRotten} from './waive.ts'

/** The same findings, rows and waivers, each marked `isNew` or not, and what changed. */
export interface Compared {
  endpoints: Endpoint[]
  results: CheckResult[]
  waivers: Waiver[]
  comparison: Comparison
}

/**
 * Holds a report against an earlier one. A finding is known where the baseline has one of the same check, object and severity (or a heavier
 * one) on at least its ports; as many as there were, and no more. A baseline that does not fit marks nothing: then everything counts as new.
 */
export function compare(now: Comparable, before: Report): Compared {
  const misfit = misfitOf(now, before)
  const baseline = {
    ...{takenAt: before.takenAt, status: before.verdict.status, coverage: before.verdict.coverage},
    ...{cluster: before.cluster.name, uid: before.cluster.uid, istio: before.cluster.istio},
  }
  const remarks = remarksOf(now, before)
  const {endpoints, results, waivers} = now
  const none = {new: 0, fixed: 0, unchanged: 0, unseen: 0, gone: [], worse: [], better: []}
  if (misfit !== '') return {endpoints, results, waivers, comparison: {...none, misfit, remarks, baseline}}

  const stock = stockOf(before)
  const marked = results.map((result) => ({
    ...result,
    findings: findingsOf(result).map((finding) => ({...finding, isNew: !stock.take(result.code, finding)})),
  }))
  const all = marked.flatMap(({findings}) => findings)
  const judged = new Set(results.filter(({status}) => status === 'pass' || status === 'fail').map(({code}) => code))
  const left = stock.left()
  const gone = left
    .filter(({code}) => judged.has(code))
    .map(({code, finding: {severity, subject, message}}) => ({code, severity, subject, message}))
  const ports = comparePorts(endpoints, before.endpoints)
  const rottenBefore = new Set(before.waivers.filter(isRotten).map(waiverKey))
  return {
    endpoints: ports.endpoints,
    results: marked,
    waivers: waivers.map((waiver) => (isRotten(waiver) ? {...waiver, isNew: !rottenBefore.has(waiverKey(waiver))} : waiver)),
    comparison: {
      new: all.filter(({isNew}) => isNew).length,
      fixed: gone.length,
      unchanged: all.filter(({isNew}) => !isNew).length,
      unseen: left.length - gone.length,
      ...{misfit, remarks, baseline, gone, worse: ports.worse, better: ports.better},
    },
  }
}

/** A failed check without a finding speaks for itself (rankedFindings), so that it can be known, too. */
function findingsOf(result: CheckResult): Finding[] {
  return rankedFindings({results: [result]}).map(({finding}) => finding)
}

interface Known {
  code: string
  finding: Finding
  taken: boolean
}

/** The baseline's findings, each to be taken once: two of today are not excused by one of then. */
function stockOf(before: Report) {
  const known = rankedFindings(before).map(({result: {code}, finding}): Known => ({code, finding, taken: false}))
  const byObject = Map.groupBy(known, ({code, finding}) => objectKey(code, finding))
  return {
    take(code: string, finding: Finding): boolean {
      const candidates = (byObject.get(objectKey(code, finding)) ?? []).filter(
        (one) => !one.taken && isNoHeavier(finding, one.finding) && isWithin(finding, one.finding),
      )
      // The one that says the same, where several would do: the others may be needed for their own likes.
      const same = candidates.find(({finding: {message}}) => message === finding.message) ?? candidates[0]
      if (same !== undefined) same.taken = true
      return same !== undefined
    },
    left: () => known.filter(({taken}) => !taken),
  }
}

/** Of what is wrong where, never of words or lines: both change while the fault stays. */
function objectKey(code: string, {subject: {kind, namespace, name, cluster}}: Finding): string {
  return `${code} ${JSON.stringify([refText({kind, namespace, name, cluster})])}`
}

function isNoHeavier(now: Finding, before: Finding): boolean {
  return weight[now.severity] <= weight[before.severity]
}

const weight = {info: 0, warning: 1, error: 2}

/** Fewer ports than before are no news; one more is. One that names no port speaks of its object and is never a part of one that does. */
function isWithin(now: Finding, before: Finding): boolean {
  const ports = new Set(before.endpoints)
  return now.endpoints.length === 0 ? before.endpoints.length === 0 : now.endpoints.every((id) => ports.has(id))
}

function waiverKey({code, namespace, workload, port, expires, status, cluster = ''}: Waiver): string {
  return JSON.stringify([code, namespace, workload, port, expires, status, cluster])
}
