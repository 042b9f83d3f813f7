import type {EffectiveMode, Exemption} from '../model/endpoint.ts'
import {type Ref, refText} from '../model/ref.ts'
import {ambientMode} from './ambient-mode.ts'
import {besideProxy, besideProxyOn, besideProxyText} from './beside-proxy.ts'
import {HBONE, openings} from './captured-port.ts'
import {type DecidedMode, effectiveMode} from './effective-mode.ts'
import {proxyContainer} from './membership.ts'
import type {PodView} from './pod-view.ts'
import {policyRef} from './policy-index.ts'
import {type PodPort, proxyPorts} from './ports-of.ts'
import {resolveTargetPort} from './target-port.ts'

/** What configuration says of one port of one pod: part A of the verdict. */
export interface PortMode {
  mode: EffectiveMode
  decidedBy: Ref | null
  exempt: Exemption | null
  /** One clause: where the mode comes from. */
  says: string
  /** Why the mode itself is uncertain, so that nothing can prove it; '' when it is not. */
  doubt: string
  /** Why the mode alone is not enough, though a live proof would settle it; '' when it is. */
  unsure: string
}

/** The mode in force on a port, by who enforces for the pod (rules 12 to 15, 17, 21 to 27, 32 to 37, 40 to 46). */
export function portMode(view: PodView, {port, protocol}: PodPort): PortMode {
  if (protocol !== 'TCP') return {...certain('NONE', `${protocol} is never part of the mesh`), exempt: 'not-tcp'}
  const isProxys = port !== null && proxyPorts(view.pod, view.services).has(port)
  if (isProxys && view.plane !== 'none' && view.plane !== 'ambient')
    return {...certain('NONE', `port ${port} is the proxy's own, known to be plain`), exempt: 'mesh-port'}
  switch (view.plane) {
    case 'none':
      return certain('NONE', view.pod.hostNetwork ? "the pod is on its node's network, outside the mesh" : 'the pod has no proxy')
    case 'gateway':
      return asGateway(view, port, "the gateway's own tls block decides")
    case 'waypoint':
      if (port === HBONE && besideProxyOn(view.pod, port) === null)
        return certain('STRICT', "a waypoint's listener always demands a client certificate")
      return asGateway(view, port, 'a waypoint listens on port 15008 alone')
    case 'sidecar':
      return sidecarMode(view, port)
    case 'proxyless':
      return proxylessMode(view, port)
    case 'ambient':
      return inAmbient(view, port)
  }
}

/** Exempt is what the proxy alone can hold: what another container of the pod serves, no tls block ever sees (rule 25). */
function asGateway({pod}: PodView, port: number | null, says: string): PortMode {
  const server = besideProxyOn(pod, port)
  if (server !== null) return certain('NONE', besideProxyText(server))
  const [stranger] = besideProxy(pod)
  const isProxys = port !== null && proxyContainer(pod)?.ports.some((each) => each.port === port)
  if (stranger === undefined || isProxys) return {...certain('GATEWAY', says), exempt: 'gateway'}
  const doubt = `container \`${stranger.name}\` beside the gateway's proxy may serve it, and nothing intercepts`
  return {...certain('GATEWAY', says), doubt}
}

function sidecarMode(view: PodView, port: number | null): PortMode {
  if (port === HBONE && view.pod.labels['networking.istio.io/tunnel'] === 'http')
    return certain('STRICT', "the tunnel's listener always demands a client certificate")
  const ways = isBoundByProxy(view, port) ? [] : openings(view.pod, port, view.capture ?? undefined)
  if (ways.length > 0) return certain('NONE', ways.join('; '))
  return {...decided(view, effectiveMode(view.deciding, port)), unsure: unsureText(view, port)}
}

function unsureText({filters, filtersUnread, servicesUnread}: PodView, port: number | null): string {
  const names = filters.map(({namespace, name}) => `EnvoyFilter ${namespace}/${name}`).join(', ')
  if (names !== '') return `${names} can change what the listener accepts`
  return filtersUnread || (port === null ? servicesUnread : '')
}

/** Without interception only ingress listeners that bind a reachable address carry policy (rule 36). */
function isBoundByProxy({capture, ingress}: PodView, port: number | null): boolean {
  return (
    capture?.mode === 'NONE' &&
    ingress.some((listener) => listener.port === port && !listener.bind.startsWith('127.') && listener.bind !== '::1')
  )
}

/** PERMISSIVE does not exist: the pod's label makes it STRICT or plain; only ports of Services get a listener (rule 27). */
function proxylessMode(view: PodView, port: number | null): PortMode {
  const isTarget = view.services.some((service) => service.ports.some((each) => resolveTargetPort(view.pod, each) === port))
  if (port === null || !isTarget) return certain('NONE', "a proxyless server has listeners for Services' ports alone")
  const {mode, by} = effectiveMode(view.deciding, port)
  const label = view.pod.labels['security.istio.io/tlsMode'] === 'istio'
  const answer = decided(view, {mode: mode === 'PERMISSIVE' ? (label ? 'STRICT' : 'DISABLE') : mode, by})
  const doubt = answer.mode === 'STRICT' ? 'a proxyless server enforces only with xDS credentials, which nothing outside shows' : ''
  return {...answer, doubt: answer.doubt || doubt}
}

function inAmbient(view: PodView, port: number | null): PortMode {
  if (isTrue(view.pod.annotations['ambient.istio.io/bypass-inbound-capture']))
    return certain('NONE', 'the annotation `ambient.istio.io/bypass-inbound-capture` frees all its traffic')
  if (port === HBONE) return certain('STRICT', "ztunnel's port always demands a client certificate")
  const {mode, by, doubt} = ambientMode(view.levels, view.pod.namespace === view.mesh.rootNamespace, port)
  const answer = decided(view, {mode, by})
  return {...answer, doubt: answer.doubt || doubt}
}

function decided({policiesUnread}: PodView, {mode, by}: DecidedMode): PortMode {
  if (policiesUnread !== '') return {...certain('PERMISSIVE', 'the mode is not known'), doubt: policiesUnread}
  const decidedBy = by === null ? null : policyRef(by)
  return {
    ...certain(mode, `${mode} by ${decidedBy === null ? "Istio's default: no PeerAuthentication says otherwise" : refText(decidedBy)}`),
    decidedBy,
  }
}

function certain(mode: EffectiveMode, says: string): PortMode {
  return {mode, decidedBy: null, exempt: null, says, doubt: '', unsure: ''}
}

/** Go's strconv.ParseBool. */
function isTrue(value: string | undefined): boolean {
  return ['1', 't', 'T', 'TRUE', 'true', 'True'].includes(value ?? '')
}
