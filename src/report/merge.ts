import type {CheckResult, Finding} from '../model/check.ts'
import type {Ref} from '../model/ref.ts'
import type {ClusterReport, Counts, Report, Terms, VerdictStatus, Waiver} from '../model/report.ts'
import {believable} from './believable.ts'
import {type Compared, compare} from './compare.ts'
import {countsOf, coverage, judged, shownPercent} from './counts.ts'
import {stepFails, verdictOf} from './verdict.ts'
import {withWaivers} from './waiver-stanza.ts'
import {worstReason} from './worst-reason.ts'

/** A report as it was read, and from where. */
export interface ReadReport {
  report: Report
  file: string
}

/** How the merged reports are judged: never on softer terms than each was made with. */
export type MergeTerms = Omit<Terms, 'ignore'>

/**
 * Many reports as one: rows, results and stages of all, each naming its cluster, and the worst verdict. What a report says of its own verdict,
 * of its counts and of what is new is not believed but worked out again. `now` in
 * milliseconds since the epoch: waivers may have ended since; `docsUrl` of our docs, for no address is taken from a report.
 */
export function mergeReports(
  read: ReadReport[],
  asked: MergeTerms,
  {baseline, now, docsUrl}: {baseline: Report | null; now: number; docsUrl: string},
): Report {
  const named = withNames(read)
  const former = baseline === null ? null : splitReport(baseline)
  const judgedAgain = named.map(({name, report, file}) => ({name, file, ...judgeAgain(name, linked(report, docsUrl), asked, former, now)}))
  const order: VerdictStatus[] = ['fail', 'unknown', 'pass']
  judgedAgain.sort((left, right) => order.indexOf(left.report.verdict.status) - order.indexOf(right.report.verdict.status))
  const placed = judgedAgain.map(({name, report}) => placedIn(name, report))
  const clusters = judgedAgain.map(({name, file, report, said}): ClusterReport => clusterOf(name, file, report, said))
  const counts = sumOf(clusters.map((cluster) => cluster.counts))
  const all = <T>(pick: (report: Report) => T[]): T[] => placed.flatMap(pick)
  const status = clusters[0]?.verdict.status ?? 'unknown'
  return {
    version: 1,
    verdict: {status, reason: worstReason(clusters), coverage: shownPercent(coverageOf(clusters))},
    mode: 'validate',
    takenAt: clusters.map(({takenAt}) => takenAt).sort()[0] ?? '',
    cluster: {name: '', uid: '', kubernetes: '', istio: '', revision: '', rootNamespace: '', trustDomain: ''},
    scope: {namespaces: union(clusters.map(({scope}) => scope.namespaces)), exclude: union(clusters.map(({scope}) => scope.exclude))},
    terms: {...asked, ignore: union(clusters.map(({terms}) => terms.ignore))},
    counts,
    changed: false,
    stages: all(({stages}) => stages),
    endpoints: all(({endpoints}) => endpoints),
    results: all(({results}) => results),
    controls: all(({controls}) => controls),
    notes: clusters.flatMap(({name, notes}) => notes.map((note) => `\`${name}\`: ${note}`)),
    waivers: all(({waivers}) => waivers),
    comparison: null,
    clusters,
    unread: all(({unread}) => unread),
  }
}

/** Each cluster's own part of a merged report, as the report it was made from would be; a plain report is its own only part. */
export function splitReport(report: Report): Report[] {
  return report.clusters === undefined ? [report] : report.clusters.map((cluster) => partOf(report, cluster))
}

/** Must the step fail? When any cluster alone would make it. */
export function mergeFails(report: Report): boolean {
  return (report.clusters ?? []).some((cluster) => stepFails(partOf(report, cluster), cluster.terms))
}

function partOf(report: Report, cluster: ClusterReport): Report {
  const own = <T extends {cluster?: string}>(items: T[]) => items.filter((item) => item.cluster === cluster.name)
  const {name, uid, istio, kubernetes, verdict, counts, mode, takenAt, changed, scope, terms, notes, comparison} = cluster
  return {
    ...{version: 1, verdict, mode, takenAt, scope, terms, counts, changed, notes, comparison},
    cluster: {name, uid, kubernetes, istio, revision: '', rootNamespace: '', trustDomain: ''},
    stages: own(report.stages),
    endpoints: own(report.endpoints).map((row) => ({...row, cluster: undefined})),
    results: own(report.results).map((result) => unplaced(result, name)),
    controls: report.controls.filter((control) => control.name.endsWith(` of ${name}`)),
    waivers: own(report.waivers).map((waiver) => ({...waiver, cluster: undefined})),
    unread: own(report.unread),
  }
}

/** A result as its own cluster's report has it. */
function unplaced(result: CheckResult, cluster: string): CheckResult {
  const findings = result.findings.map((one) => ({
    ...one,
    subject: {...one.subject, cluster: undefined},
    endpoints: one.endpoints.map((id) => (id.startsWith(`${cluster}/`) ? id.slice(cluster.length + 1) : id)),
  }))
  return {...result, cluster: undefined, findings}
}

/** By its own name, else by its UID, else by its file; two of one name are told apart by their files. */
function withNames(read: ReadReport[]): (ReadReport & {name: string})[] {
  const wished = read.map(({report, file}) => oneLine(report.cluster.name || report.cluster.uid.slice(0, 8) || file))
  const names = new Set<string>()
  return read.map((one, at) => {
    const plain = wished[at] ?? one.file
    let name = wished.filter((other) => other === plain).length > 1 ? `${plain} (${oneLine(one.file)})` : plain
    while (names.has(name)) name = `${name}'`
    names.add(name)
    return {...one, name}
  })
}

function judgeAgain(
  name: string,
  given: Report,
  asked: MergeTerms,
  former: Report[] | null,
  now: number,
): {report: Report; said: Report['comparison']} {
  const terms = stricter(given.terms, asked)
  const waivers = given.waivers.map((waiver) => aged({...waiver, isNew: undefined}, now))
  const endpoints = given.endpoints.map((row) => believable({...row, cluster: undefined, isNew: undefined}, waivers, terms))
  const results = given.results.map((result) =>
    withWaivers({...result, findings: result.findings.map((one) => ({...one, isNew: undefined}))}),
  )
  const fresh: Report = {...given, terms, waivers, endpoints, results, counts: countsOf(endpoints), comparison: null}
  const before =
    former?.find((one) => one.cluster.name === name || (one.cluster.uid !== '' && one.cluster.uid === given.cluster.uid)) ?? null
  const compared =
    former === null ? fresh : {...fresh, ...(before === null ? compareWithNothing(fresh, former[0]) : compare(fresh, before))}
  return {report: {...compared, verdict: verdictOf(compared, terms)}, said: former === null ? given.comparison : compared.comparison}
}

/** A cluster that the baseline does not hold: all it has is new. */
function compareWithNothing(report: Report, baseline: Report | undefined): Compared {
  const empty = {...report, endpoints: [], results: [], waivers: [], takenAt: baseline?.takenAt ?? report.takenAt}
  const {comparison, ...marked} = compare(report, empty)
  return {...marked, comparison: {...comparison, remarks: ['The baseline does not hold this cluster: everything counts as new.']}}
}

/** Links to our own pages: a report of somebody else's run may name any address. */
function linked(report: Report, docsUrl: string): Report {
  const docs = (slug: string) => (/^m\d{3}(-[a-z0-9]+)+$/.test(slug) ? `${docsUrl}/checks/${slug}.md` : '')
  return {...report, results: report.results.map((result) => ({...result, docs: docs(result.slug)}))}
}

function stricter(own: Terms, asked: MergeTerms): Terms {
  return {
    require: own.require === 'proven' || asked.require === 'proven' ? 'proven' : 'configured',
    failOn: own.failOn === 'warning' || asked.failOn === 'warning' ? 'warning' : asked.failOn,
    minCoverage: Math.max(own.minCoverage, asked.minCoverage),
    allowEmpty: own.allowEmpty,
    mtlsMode: own.mtlsMode,
    gate: asked.gate,
    ignore: own.ignore,
  }
}

/** A report may be older than its waivers' last day. */
function aged(waiver: Waiver, now: number): Waiver {
  const isOver =
    (waiver.status === 'in-force' || waiver.status === 'expiring') && !(now < Date.parse(`${waiver.expires}T00:00:00Z`) + dayMs)
  return isOver ? {...waiver, status: 'expired'} : waiver
}

const dayMs = 86_400_000

/** Everything of a report with its cluster's name on it. */
function placedIn(cluster: string, report: Report): Report {
  const ref = (one: Ref): Ref => ({...one, cluster})
  const finding = (one: Finding): Finding => ({...one, subject: ref(one.subject), endpoints: one.endpoints.map((id) => `${cluster}/${id}`)})
  const result = (one: CheckResult): CheckResult => ({...one, cluster, findings: one.findings.map(finding)})
  return {
    ...report,
    endpoints: report.endpoints.map((one) => ({...one, cluster})),
    results: report.results.map(result),
    stages: report.stages.map((one) => ({...one, cluster})),
    waivers: report.waivers.map((one) => ({...one, cluster})),
    unread: report.unread.map((one) => ({...one, cluster})),
    controls: report.controls.map((one) => ({...one, name: `${one.name} of ${cluster}`})),
  }
}

function clusterOf(name: string, file: string, report: Report, said: Report['comparison']): ClusterReport {
  const {verdict, counts, mode, takenAt, changed, scope, terms, notes, cluster} = report
  const {uid, istio, kubernetes} = cluster
  return {name, uid, verdict, counts, mode, takenAt, changed, istio, kubernetes, scope, terms, notes, comparison: said, file}
}

function sumOf(all: Counts[]): Counts {
  const sum: Counts = {total: 0, proven: 0, configured: 0, exempt: 0, unproven: 0, violated: 0}
  for (const counts of all) for (const key of Object.keys(sum) as (keyof Counts)[]) sum[key] += counts[key]
  return sum
}

/** Each cluster by its own `require`. */
function coverageOf(clusters: ClusterReport[]): number {
  const all = clusters.reduce((sum, {counts}) => sum + judged(counts), 0)
  const met = clusters.reduce((sum, {counts, terms}) => sum + (coverage(counts, terms.require) * judged(counts)) / 100, 0)
  return all === 0 ? 100 : (100 * met) / all
}

function union(lists: string[][]): string[] {
  return [...new Set(lists.flat())].sort()
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').replaceAll('`', "'").trim().slice(0, 120).toWellFormed() || 'cluster'
}
