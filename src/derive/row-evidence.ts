import type {Evidence} from '../model/evidence.ts'
import type {Pod} from '../model/workload.ts'
import type {RowMember} from './row-member.ts'
import {demandsMutualTls, sightingText, sightingTime} from './sightings.ts'

/** What the proxies of a row run, serve and counted, and what probes saw: pods that say the same stand together; `takenAt` is when proxies were read. */
export function evidenceOf(members: readonly RowMember[], port: number | null, takenAt: string): Evidence[] {
  const read = members.flatMap(({pod, delivered}) => (delivered?.read ? [{pod, delivered}] : []))
  return [
    ...grouped(
      'listener',
      read.map(({pod, delivered}) => ({
        pod,
        text: `its active listener ${delivered.says}`,
        brief: delivered.says.replace(/ \(filter chains .*\)$/, ''),
        at: takenAt,
      })),
    ),
    ...grouped(
      'certificate',
      read.flatMap(({pod, delivered}) => (delivered.serves === '' ? [] : [{pod, text: delivered.serves, brief: '', at: takenAt}])),
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
          const brief = demandsMutualTls(probe) ? 'refused plain text, demanded a certificate' : undefined
          return {pod, text: port === null ? `at undeclared port ${probe.port} ${text}` : text, brief, at: sightingTime(probe)}
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

/** Pods need no name where all of a row say the same. */
function briefOf(alike: {pod: Pod; brief?: string | undefined}[], isWhole: boolean): Pick<Evidence, 'brief'> {
  const brief = alike[0]?.brief
  if (brief === undefined) return {}
  return {brief: brief === '' || isWhole ? brief : `${podsText(alike)}: ${brief}`}
}

function grouped(kind: Evidence['kind'], said: {pod: Pod; text: string; brief?: string | undefined; at: string}[]): Evidence[] {
  if (said.length === 0) return []
  const groups = [...Map.groupBy(said, ({text}) => text)]
  return groups.map(([text, alike]) => ({
    kind,
    says: `${podsText(alike)}: ${text}`,
    ...briefOf(alike, groups.length === 1),
    at:
      alike
        .map(({at}) => at)
        .sort()
        .at(-1) ?? '',
  }))
}
