import {servicesOf} from '../derive/services-of.ts'
import {resolveTargetPort} from '../derive/target-port.ts'
import type {Dial, Io} from '../io/io.ts'
import type {MeshCall} from '../model/evidence.ts'
import {messageOf} from '../model/failure.ts'
import type {Service, Pod} from '../model/workload.ts'
import {bounded} from './bounded.ts'
import {outOfTime, probePath} from './ask.ts'
import type {PlannedPort} from './probe-plan.ts'

/** A Service's port that leads to planned ports. */
export interface PlannedCall {
  namespace: string
  service: string
  address: string
  servicePort: number
  pods: MeshCall['pods']
}

/**
 * Which Services a client inside the mesh asks: those with an address of their own that lead to a port of which STRICT was computed. By pod address the
 * sidecar would pass plain text through (rule 56), and headless Services have none of their own.
 */
export function plannedCalls(planned: readonly PlannedPort[], pods: readonly Pod[], services: readonly Service[]): PlannedCall[] {
  const strict = new Set(
    planned.filter(({strict, declared}) => strict && declared).map(({namespace, pod, port}) => `${namespace}/${pod}:${port}`),
  )
  const selecting = servicesOf(services)
  const calls = new Map<string, PlannedCall>()
  for (const pod of pods) {
    for (const service of selecting(pod)) {
      if (service.clusterIP === '' || service.clusterIP === 'None') continue
      for (const servicePort of service.ports) {
        const port = servicePort.protocol === 'TCP' ? resolveTargetPort(pod, servicePort) : null
        if (port === null || !strict.has(`${pod.namespace}/${pod.name}:${port}`)) continue
        const key = `${service.namespace}/${service.name}:${servicePort.port}`
        const call = calls.get(key) ?? callTo(service, servicePort.port)
        call.pods.push({name: pod.name, port})
        calls.set(key, call)
      }
    }
  }
  return [...calls.values()]
}

function callTo({namespace, name, clusterIP}: Service, servicePort: number): PlannedCall {
  return {namespace, service: name, address: clusterIP, servicePort, pods: []}
}

/** Sends one plain request to each Service through the meshed prober's own sidecar; never throws. */
export function callMesh(
  calls: readonly PlannedCall[],
  dial: Dial,
  io: Pick<Io, 'wire' | 'clock'>,
  {concurrency, deadline}: {concurrency: number; deadline: number},
): Promise<MeshCall[]> {
  return bounded(calls, concurrency, async ({address, ...call}) => {
    const {namespace, service, servicePort, pods} = call
    const at = io.clock.now().toISOString()
    if (io.clock.ticks() >= deadline) return {namespace, service, servicePort, pods, answered: false, detail: outOfTime.detail, at}
    const met = await answerTo({namespace, service, address, servicePort}, dial, io).catch((thrown) => ({
      answered: false,
      detail: printable(messageOf(thrown)),
    }))
    return {namespace, service, servicePort, pods, ...met, at: io.clock.now().toISOString()}
  })
}

async function answerTo(
  {namespace, service, address, servicePort}: Omit<PlannedCall, 'pods'>,
  dial: Dial,
  {wire}: Pick<Io, 'wire'>,
): Promise<Pick<MeshCall, 'answered' | 'detail'>> {
  const dialed = await dial(address, servicePort, {timeoutMs: 10_000})
  if ('unreached' in dialed) return {answered: false, detail: `not connected: ${printable(dialed.unreached)}`}
  const request = `GET /${probePath} HTTP/1.1\r\nHost: ${service}.${namespace}.svc:${servicePort}\r\nUser-Agent: istio-mtls-action\r\nConnection: close\r\n\r\n`
  const {bytes, end} = await wire.exchange(dialed.stream, request, {timeoutMs: 10_000, maxBytes: 2048, until: '\r\n\r\n'})
  return callSeen(bytes, end)
}

/**
 * What a call met. The caller's own sidecar answers too when it reaches nobody: its answers say `server: envoy` and lack `x-envoy-upstream-service-time`,
 * which Envoy adds to what came from upstream (source/common/router/router.cc).
 */
export function callSeen(bytes: string, end: string): Pick<MeshCall, 'answered' | 'detail'> {
  const [, status] = /^HTTP\/1\.[01] (\d{3})\b/.exec(bytes) ?? []
  if (status === undefined) {
    if (bytes !== '') return {answered: true, detail: 'answered, in bytes that are no HTTP'}
    return {answered: false, detail: end === 'late' ? 'no answer in time' : 'closed without an answer'}
  }
  const isSidecars = /^server: envoy\r?$/im.test(bytes) && !/^x-envoy-upstream-service-time:/im.test(bytes)
  return isSidecars ? {answered: false, detail: `its own sidecar answered ${status}`} : {answered: true, detail: `answered ${status}`}
}

function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?').slice(0, 160)
}
