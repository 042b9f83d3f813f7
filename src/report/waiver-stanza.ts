import {stringify} from 'yaml'
import type {CheckResult, Finding} from '../model/check.ts'
import {findingIds} from './waive.ts'

/**
 * The same result, each error or warning of it with the stanza of the ledger that would excuse it: an entry for each workload, to be finished by
 * whoever answers for it (as it stands the ledger refuses it: `expires` is no day). '' where none could: an object of the whole mesh.
 */
export function withWaivers(result: CheckResult): CheckResult {
  return {...result, findings: result.findings.map((finding) => ({...finding, waiver: stanzaOf(result.code, finding)}))}
}

function stanzaOf(code: string, finding: Finding): string {
  const places = placesOf(finding)
  const isNamed = places.every(
    ({namespace, workload}) => namespace !== '' && !workload.endsWith('/') && !`${namespace}${workload}`.includes('*'),
  )
  if (finding.severity === 'info' || places.length === 0 || places.length > most || !isNamed) return ''
  return stringify(
    places.map((place) => ({code, ...place, reason: 'say why this may stay open', owner: 'who answers for it', expires: 'YYYY-MM-DD'})),
    {lineWidth: 0},
  )
}

/** More than a reader would fill in: who waives so much wants another policy. */
const most = 12

/** The ports a finding names, joined where an entry for all ports of the workload covers the others. */
function placesOf(finding: Finding): {namespace: string; workload: string; port: number | '*'}[] {
  const byWorkload = Map.groupBy(findingIds(finding), (id) => id.slice(0, id.lastIndexOf(':')))
  return [...byWorkload].flatMap(([place, ids]) => {
    const [namespace = '', ...workload] = place.split('/')
    const ports = new Set(ids.map((id) => id.slice(id.lastIndexOf(':') + 1)))
    const wanted = ports.has('*') ? ['*' as const] : [...ports].map(Number)
    return wanted.map((port) => ({namespace, workload: workload.join('/'), port}))
  })
}
