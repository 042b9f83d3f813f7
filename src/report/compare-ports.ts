import type {Endpoint, PortVerdict} from '../model/endpoint.ts'
import type {PortChange} from '../model/report.ts'
import {endpointId} from './waive.ts'

/** Rows beside those of a baseline, each marked `isNew` where it is worse than there; changes worst first. */
export function comparePorts(now: Endpoint[], before: Endpoint[]): {endpoints: Endpoint[]; worse: PortChange[]; better: PortChange[]} {
  const former = byId(before)
  const changes: {change: PortChange; by: number}[] = []
  const worse = new Set<Endpoint>()
  for (const [id, rows] of byId(now)) {
    // Pods of one workload that differ have rows of their own: the worst of today stands against the worst of then.
    const then = former.get(id) ?? []
    former.delete(id)
    rows.forEach((row, at) => {
      const old = then[at] ?? null
      const by = old === null ? (isBad(row) ? -1 : 0) : rank(row) - rank(old)
      if (by < 0) worse.add(row)
      if (by !== 0) changes.push({change: {id, before: seen(old), now: seen(row)}, by})
    })
    changes.push(
      ...then
        .slice(rows.length)
        .filter(isBad)
        .map((row) => ({change: {id, before: seen(row), now: null}, by: 1})),
    )
  }
  for (const [id, rows] of former) changes.push(...rows.filter(isBad).map((row) => ({change: {id, before: seen(row), now: null}, by: 1})))
  const pick = (isWanted: (by: number) => boolean) => changes.filter(({by}) => isWanted(by)).map(({change}) => change)
  return {
    endpoints: now.map((row) => ({...row, isNew: worse.has(row)})),
    worse: pick((by) => by < 0).sort((left, right) => steps[left.now?.verdict ?? 'proven'] - steps[right.now?.verdict ?? 'proven']),
    better: pick((by) => by > 0),
  }
}

function byId(rows: Endpoint[]): Map<string, Endpoint[]> {
  const groups = Map.groupBy(rows, (row) => `${endpointId(row)}${row.protocol === 'TCP' ? '' : ` ${row.protocol}`}`)
  for (const group of groups.values()) group.sort((left, right) => rank(left) - rank(right))
  return groups
}

function seen(row: Endpoint | null): PortChange['before'] {
  return row === null ? null : {verdict: row.verdict, mode: row.mode}
}

function isBad({verdict}: Endpoint): boolean {
  return verdict === 'violated' || verdict === 'unproven'
}

/** An open port that offers mutual TLS as well is less bad than one that cannot even do that. */
function rank({verdict, mode}: Endpoint): number {
  return steps[verdict] + (verdict === 'violated' && mode === 'PERMISSIVE' ? 0.5 : 0)
}

const steps: Record<PortVerdict, number> = {violated: 0, unproven: 1, configured: 2, exempt: 3, proven: 4}
