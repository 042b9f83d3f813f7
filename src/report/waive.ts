import type {CheckResult, Finding} from '../model/check.ts'
import type {Endpoint} from '../model/endpoint.ts'
import type {Waiver} from '../model/report.ts'
import type {LedgerEntry} from './ledger.ts'

/** What a ledger makes of a run: rows and findings it covers are taken out, and each waiver says what became of it. */
export interface Waived {
  endpoints: Endpoint[]
  results: CheckResult[]
  waivers: Waiver[]
}

/**
 * Applies waivers to violated or unproven rows and to findings. Only a waiver in force counts: not one that is expired, too broad
 * (a namespace, workload or code of `*`), or pending (added by the very pull request that is judged). `now` in milliseconds since the epoch.
 */
export function waive(
  ledger: readonly LedgerEntry[],
  pending: readonly LedgerEntry[],
  endpoints: Endpoint[],
  results: CheckResult[],
  now: number,
): Waived {
  const judged = ledger.map((entry) => ({entry, status: standing(entry, now), covers: new Set<string>()}))
  const inForce = judged.filter(({status}) => status === 'in-force' || status === 'expiring')

  // All that a finding names must be waived, by one entry or by several: an entry names one workload.
  const coveringFinding = (code: string, finding: Finding) => {
    const byId = findingIds(finding).map((id) => inForce.filter(({entry}) => entry.code === code && reaches(entry, id)))
    return byId.every((some) => some.length > 0) ? new Set(byId.flat()) : new Set<never>()
  }
  const codesOf = new Map<string, Set<string>>()
  for (const {code, findings} of results)
    for (const {endpoints: ids} of findings) for (const id of ids) codesOf.set(id, (codesOf.get(id) ?? new Set()).add(code))

  const waivedRows = new Set<string>()
  const rows = endpoints.map((row) => {
    if (row.verdict !== 'violated' && row.verdict !== 'unproven') return row
    const id = endpointId(row)
    // A finding on the undeclared ports speaks of the whole workload: one address or interface is open for every port.
    const whole = `${id.slice(0, id.lastIndexOf(':'))}:*`
    const waiver = inForce.find(
      ({entry}) => explains(entry.code, row) && reaches(entry, id) && [id, whole].some((each) => codesOf.get(each)?.has(entry.code)),
    )
    if (waiver === undefined) return row
    waiver.covers.add(id)
    if (row.mode !== 'STRICT') waivedRows.add(id)
    return {
      ...row,
      verdict: 'exempt' as const,
      because: 'waiver' as const,
      reason: `Waived until ${waiver.entry.expires} by ${waiver.entry.owner}: ${waiver.entry.reason}`,
    }
  })

  const left = results.map((result) => {
    const findings = result.findings.filter((finding) => {
      const covering = coveringFinding(result.code, finding)
      for (const {covers, entry} of covering) {
        covers.add(
          `${result.code} ${findingIds(finding)
            .filter((id) => reaches(entry, id))
            .join(' ')}`,
        )
      }
      // What was only seen on a row that is waived as configured says nothing new.
      return (
        covering.size === 0 && !(isSighting(result) && finding.endpoints.length > 0 && finding.endpoints.every((id) => waivedRows.has(id)))
      )
    })
    return findings.length === result.findings.length
      ? result
      : {...result, findings, status: findings.length === 0 && result.status === 'fail' ? ('pass' as const) : result.status}
  })

  const waivers = judged.map(
    ({entry, status, covers}): Waiver => ({
      ...entry,
      status: isCounted(status) && covers.size === 0 ? 'unused' : status,
      covers: [...covers].sort(),
    }),
  )
  return {
    endpoints: rows,
    results: left,
    waivers: [...waivers, ...pending.map((entry): Waiver => ({...entry, status: 'pending', covers: []}))],
  }
}

/** Waivers that turn a run red: a ledger is kept true or it is worth nothing. */
export function isRotten({status}: Waiver): boolean {
  return status === 'expired' || status === 'unused' || status === 'too-broad' || status === 'malformed'
}

/** `namespace/Kind/name:port`, as findings name rows; `*` stands for all undeclared ports. In a merged report the cluster stands in front. */
export function endpointId({cluster, namespace, workload, port}: Pick<Endpoint, 'cluster' | 'namespace' | 'workload' | 'port'>): string {
  return `${cluster === undefined ? '' : `${cluster}/`}${namespace}/${workload.kind}/${workload.name}:${port ?? '*'}`
}

function standing(entry: LedgerEntry, now: number): 'in-force' | 'expiring' | 'expired' | 'too-broad' {
  if ([entry.namespace, entry.workload].some((name) => name.includes('*'))) return 'too-broad'
  // The day named is the last one on which it holds, in UTC.
  const end = Date.parse(`${entry.expires}T00:00:00Z`) + dayMs
  // Not `now >= end`: a day that is none never ends.
  if (!(now < end)) return 'expired'
  return end - now <= soonDays * dayMs ? 'expiring' : 'in-force'
}

const dayMs = 86_400_000
const soonDays = 14

function isCounted(status: string): boolean {
  return status === 'in-force' || status === 'expiring'
}

/**
 * May a waiver of this code excuse this row? Only the check that says why plain text gets in: a waiver about who may call, or about
 * clients, leaves open what the server accepts. Where the mode is STRICT no policy explains plain text: it was seen, and only that can be waived.
 */
function explains(code: string, {mode}: Endpoint): boolean {
  return (mode === 'STRICT' ? sightings : openings).has(code)
}

const openings = new Set('M201 M202 M204 M205 M207 M208 M301 M302 M303 M304 M306 M308 M309 M310 M311 M313'.split(' '))
const sightings = new Set(['M205', 'M208', 'M311', 'M802', 'M803'])

/** The live checks see what a policy allows; where the row itself is waived they add nothing. */
function isSighting({code}: CheckResult): boolean {
  return code === 'M802' || code === 'M803' || code === 'M805'
}

/** The rows a finding speaks of, else the object it blames. */
export function findingIds({endpoints, subject}: Pick<Finding, 'endpoints' | 'subject'>): string[] {
  return endpoints.length > 0
    ? endpoints
    : [`${subject.kind === 'Namespace' ? subject.name : (subject.namespace ?? '')}/${subject.kind}/${subject.name}:*`]
}

/** Does a waiver's scope hold this row? `workload` is a name or `Kind/name`; no port means every port. */
function reaches({namespace, workload, port}: LedgerEntry, id: string): boolean {
  const at = id.lastIndexOf(':')
  const [space = '', kind = '', ...name] = id.slice(0, at).split('/')
  return (
    space === namespace &&
    [name.join('/'), `${kind}/${name.join('/')}`].includes(workload) &&
    (port === null || id.slice(at + 1) === String(port))
  )
}
