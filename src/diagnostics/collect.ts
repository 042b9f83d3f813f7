import type {Io, Kube} from '../io/io.ts'
import {messageOf} from '../model/failure.ts'
import {mapStrings} from '../model/map-strings.ts'
import type {Diagnostics, Report} from '../model/report.ts'
import type {Snapshot} from '../model/snapshot.ts'
import {eventLines} from './events.ts'
import {firstLook} from './first-look.ts'
import {type LogPlace, logTail} from './logs.ts'
import {readme, timings} from './pages.ts'
import {releaseLines} from './releases.ts'

/** What the bundle is made from; `kube` null where no cluster was reached. */
export interface Material {
  report: Report
  snapshot: Snapshot
  baseline: Report | null
  kube: Kube | null
}

/**
 * Writes the bundle into `folder`: what judged, and what the cluster, istiod and the proxies say about themselves, an allow-list throughout and
 * at most 4 MB besides the snapshot. Never throws: what cannot be read or written is named in the bundle and the report.
 */
export async function collectDiagnostics({kube, ...material}: Material, folder: string, io: Io): Promise<Diagnostics> {
  const {report, snapshot, baseline} = mapStrings(material, io.runner.hidden) as Omit<Material, 'kube'>
  const files: Diagnostics['files'] = []
  const withheld: string[] = []
  let left = mostBytes
  const keep = async (name: string, says: string, text: string, isCapped = true) => {
    const bytes = Buffer.byteLength(text)
    if (isCapped && bytes > left) return void withheld.push(`\`${name}\` did not fit into the bundle`)
    try {
      await io.files.write(`${folder}/${name}`, io.runner.hidden(text))
      files.push({name, says})
      if (isCapped) left -= bytes
    } catch (thrown) {
      withheld.push(`\`${name}\` could not be written: ${messageOf(thrown)}`)
    }
  }

  await io.files.makeFolder(folder).catch(() => {})
  await keep('snapshot.json', 'what was seen, as the checks judged it', json(snapshot), false)
  await keep('timings.txt', 'every stage and step with its time and words', timings(report))
  if (baseline !== null) await keep('baseline.json', 'the report it was compared with', json(baseline), false)
  if (kube === null) withheld.push('nothing was asked of the cluster, which was not reached')
  else {
    io.log.line('diagnostics: reading events, releases and logs')
    const home = homeOf(snapshot)
    const [events, releases] = await Promise.all([eventLines(namespacesOf(report, home), kube), releaseLines(home, kube)])
    await keep('events.txt', "the cluster's events around istiod and the workloads in question", events.text)
    await keep('helm.txt', "helm's releases and their history, by their labels", releases.text)
    if (events.denied) withheld.push('events were refused (403): grant `list` on `events` (rbac/diagnostics.yaml)')
    if (releases.denied)
      withheld.push(
        "helm's history was refused (403): it takes `list` on `secrets` of the control plane's namespace, which only `mode: enforce` has",
      )
    for (const {name, says, place} of placesOf(report, snapshot)) {
      if (io.cancelled.aborted) break
      const tail = await logTail(place, kube)
      if ('text' in tail) await keep(name, says, tail.text)
      else if (tail.denied) {
        withheld.push('logs were refused (403): grant `get` on `pods/log` (rbac/diagnostics.yaml)')
        break
      } else withheld.push(`the log of \`${place.namespace}/${place.pod}\` could not be read: ${tail.reason}`)
    }
  }
  const first = firstLook(
    report,
    files.map(({name}) => name),
  )
  const index: Diagnostics = {folder, first, files, withheld}
  const bundled: Report = {...report, diagnostics: index}
  await keep('report.json', 'the verdict with its rows, findings, waivers and stages', json(bundled), false)
  await keep('README.md', 'what is in here, and how to judge it again', readme(bundled, index), false)
  return index
}

const mostBytes = 4_000_000

function homeOf({mesh, controlPlane}: Snapshot): string {
  const istiod = controlPlane.read ? controlPlane.value.istiods[0]?.namespace : undefined
  return istiod ?? (mesh.read ? mesh.value[0]?.namespace : undefined) ?? 'istio-system'
}

/** The control plane's and those of up to nine namespaces that need a look. */
function namespacesOf({endpoints}: Report, home: string): string[] {
  const bad = endpoints.filter(({verdict}) => verdict === 'violated' || verdict === 'unproven').map(({namespace}) => namespace)
  return [...new Set([home, ...bad])].slice(0, 10)
}

/** The istiods, then the proxies of ports without proof, then of open ones: their own words say most. */
function placesOf({endpoints}: Report, snapshot: Snapshot): {name: string; says: string; place: LogPlace}[] {
  const pods = snapshot.pods.read ? snapshot.pods.value : []
  const istiods = pods.filter(({labels, terminating}) => labels['app'] === 'istiod' && !terminating).slice(0, 3)
  const wanted = (['unproven', 'violated'] as const).flatMap((verdict) => endpoints.filter((row) => row.verdict === verdict))
  const proxied = new Map(
    pods
      .filter((pod) => [...pod.containers, ...pod.initContainers].some(({name}) => name === 'istio-proxy'))
      .map((pod) => [`${pod.namespace}/${pod.name}`, pod]),
  )
  const names = [...new Set(wanted.map(({namespace, pods: [pod = '']}) => `${namespace}/${pod}`))]
    .filter((name) => proxied.has(name))
    .slice(0, 5)
  return [
    ...istiods.map(({namespace, name}) => ({
      ...{name: `istiod-${fileSafe(name)}.txt`, says: 'the end of its log'},
      place: {namespace, pod: name, container: 'discovery'},
    })),
    ...names.map((id) => {
      const [namespace = '', pod = ''] = id.split('/')
      return {
        name: `proxy-${fileSafe(`${namespace}-${pod}`)}.txt`,
        says: `the end of its proxy's log`,
        place: {namespace, pod, container: 'istio-proxy'},
      }
    }),
  ].filter(({place}) => safeName.test(place.pod) && safeName.test(place.namespace))
}

/** RFC 1123: a name from a snapshot that is none would lead elsewhere. */
const safeName = /^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/

function fileSafe(name: string): string {
  return name.replace(/[^a-z0-9.-]/g, '_').slice(0, 120)
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`
}
