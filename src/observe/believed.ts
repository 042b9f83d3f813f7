import type {Kube, KubeObject} from '../io/io.ts'
import type {PortProbe, ProbeAnswer} from '../model/evidence.ts'
import {fieldsOf, listOf} from './untrusted.ts'

/**
 * What the runner saw for itself, as far as it can be believed: only at addresses where some port served the certificate of that very pod. Elsewhere the runner may
 * be dialing a network of its own that uses the same addresses, so nothing seen there is a sight of the cluster.
 */
export function believed(ports: readonly PortProbe[]): PortProbe[] {
  const known = new Set(ports.filter(({tls}) => tls?.served?.doubt === '').map(placeOf))
  return ports.map((probe) => (known.has(placeOf(probe)) ? probe : {...probe, tls: doubted(probe.tls), plain: doubted(probe.plain)}))
}

/** Addresses whose pod has not yet shown its certificate: there a greeting that every sidecar answers is worth another try. */
export function unidentified(ports: readonly PortProbe[]): PortProbe[] {
  const known = new Set(ports.filter(({tls}) => tls?.served?.doubt === '').map(placeOf))
  const firsts = new Map(ports.filter((probe) => !known.has(placeOf(probe))).map((probe) => [placeOf(probe), probe]))
  return [...firsts.values()]
}

function placeOf({namespace, pod, address}: PortProbe): string {
  return `${namespace}/${pod} ${address}`
}

function doubted(answer: ProbeAnswer | null): ProbeAnswer | null {
  if (answer === null || answer.saw === 'unread') return answer
  const {served, tries, at} = answer
  const why = served === undefined || served.doubt === '' ? 'no port at this address served the certificate of the pod' : served.doubt
  return {saw: 'inconclusive', detail: `not believed, for ${why}`, tries, at, ...(served === undefined ? {} : {served})}
}

/**
 * Probes by address accuse a pod only while the address is still its own: where plain text was seen under STRICT the pod is read once more, and without
 * it, or with other addresses, the sight is no longer of anybody. A pod that cannot be read again keeps what was seen.
 */
export async function stillTheirs(ports: readonly PortProbe[], kube: Kube): Promise<PortProbe[]> {
  const accused = new Map(ports.filter(isAccusation).map(({namespace, pod}) => [`${namespace}/${pod}`, {namespace, pod}]))
  const now = new Map<string, ReadonlySet<string>>()
  for (const [key, {namespace, pod}] of accused) {
    const found = await kube.find(`/api/v1/namespaces/${namespace}/pods/${pod}`).catch(() => undefined)
    if (found !== undefined) now.set(key, found === null ? new Set() : addressesOf(found))
  }
  return ports.map((probe) => {
    const own = now.get(`${probe.namespace}/${probe.pod}`)
    return own === undefined || own.has(probe.address) ? probe : {...probe, tls: moved(probe.tls), plain: moved(probe.plain)}
  })
}

function isAccusation({tls, plain}: PortProbe): boolean {
  return tls?.saw === 'plain-text' || plain?.saw === 'plain-text'
}

function moved(answer: ProbeAnswer | null): ProbeAnswer | null {
  return answer && {saw: 'inconclusive', detail: 'the pod went away while it was probed', tries: answer.tries, at: answer.at}
}

function addressesOf(pod: KubeObject): Set<string> {
  if (pod.metadata.deletionTimestamp !== undefined) return new Set()
  return new Set(listOf(fieldsOf(pod['status'])['podIPs']).flatMap(({ip}) => (typeof ip === 'string' ? [ip] : [])))
}
