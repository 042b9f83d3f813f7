import type {Evidence} from '../model/evidence.ts'
import type {Pod} from '../model/workload.ts'
import type {RowMember} from './row-member.ts'
import {sightingText, sightingTime} from './sightings.ts'

/** What the proxies of a row run, serve and counted, and what probes saw: pods that say the same stand together; `takenAt` is when proxies were read. */
export function evidenceOf(members: readonly RowMember[], port: number | null, takenAt: string): Evidence[] {
  const read = members.flatMap(({pod, delivered}) => (delivered?.read ? [{pod, delivered}] : []))
  return [
    ...grouped(
      'listener',
      read.map(({pod, delivered}) => ({pod, text: `its active listener ${delivered.says}`, at: takenAt})),
    ),
    ...grouped(
      'certificate',
      read.flatMap(({pod, delivered}) => (delivered.serves === '' ? [] : [{pod, text: delivered.serves, at: takenAt}])),
    ),
    ...grouped(
      'counter',
      read.flatMap(({pod, delivered}) => (delivered.counted === '' ? [] : [{pod, text: delivered.counted, at: takenAt}])),
    ),
    ...grouped(
      'probe',
      members.flatMap(({pod, probes}) =>
        probes.map((probe) => {
          const text = sightingText(probe)
          return {pod, text: port === null ? `at undeclared port ${probe.port} ${text}` : text, at: sightingTime(probe)}
        }),
      ),
    ),
    ...callEvidence(members),
  ]
}

function callEvidence(members: readonly RowMember[]): Evidence[] {
  const calls = new Set(members.flatMap((member) => member.calls))
  return [...calls].map(({service, servicePort, answered, detail, at}) => ({
    kind: 'probe' as const,
    says: `a client inside the mesh, through Service \`${service}\` port ${servicePort}: ${answered ? '' : 'not answered, '}${detail}`,
    at,
  }))
}

/** `pod \`x\``, or how many with one of them as example. */
export function podsText(members: readonly {pod: Pod}[]): string {
  const names = [...new Set(members.map(({pod}) => pod.name))]
  return names.length === 1 ? `pod \`${names[0]}\`` : `${names.length} pods, \`${names[0]}\` among them,`
}

function grouped(kind: Evidence['kind'], said: {pod: Pod; text: string; at: string}[]): Evidence[] {
  return [...Map.groupBy(said, ({text}) => text)].map(([text, alike]) => ({
    kind,
    says: `${podsText(alike)}: ${text}`,
    at:
      alike
        .map(({at}) => at)
        .sort()
        .at(-1) ?? '',
  }))
}
