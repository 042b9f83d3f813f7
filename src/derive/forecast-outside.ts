import type {Caller, CallerOutlook} from '../model/forecast.ts'
import type {Ref} from '../model/ref.ts'
import type {Snapshot} from '../model/snapshot.ts'
import type {Container, HealthProbe, Pod, Service} from '../model/workload.ts'
import {dataPlane} from './membership.ts'
import {proxyPorts} from './ports-of.ts'
import {servicesOf} from './services-of.ts'
import {listeningContainers, resolveTargetPort} from './target-port.ts'
import {rowKey, rowOf, type TurningPort, type TurningPorts} from './turning-ports.ts'

/** Callers that are no pods and can have no proxy: kubelets that probe the application itself, the API server, clients outside the cluster. */
export function outsideOutlooks(turning: TurningPorts, after: Snapshot): CallerOutlook[] {
  const pods = [...new Map(turning.all.map(({pod}) => [`${pod.namespace}/${pod.name}`, pod])).values()]
  const selecting = servicesOf(after.services.read ? after.services.value : [])
  const behind = new Map<string, {service: Service; pods: Pod[]}>()
  for (const pod of pods)
    for (const service of selecting(pod)) {
      const key = `${service.namespace}/${service.name}`
      behind.set(key, {service, pods: [...(behind.get(key)?.pods ?? []), pod]})
    }
  const calls = after.apiServerCalls?.read ? after.apiServerCalls.value : []
  return unrepeated([
    ...pods.flatMap((pod) => kubeletOutlooks(pod, turning)),
    ...calls.flatMap(({kind, name, service, port}) => {
      const found = behind.get(`${service.namespace}/${service.name}`)
      if (found === undefined) return []
      const by: Ref = {kind, name}
      return targets(found, turning, port).map((target) => apiServerOutlook(target, by))
    }),
    ...[...behind.values()].flatMap((found) => exposedOutlooks(found, turning)),
  ])
}

/** Rewritten probes go to the agent, exec runs inside, and a TCP probe is content with the proxy's own accept (rules 18, 39). */
function kubeletOutlooks(pod: Pod, turning: TurningPorts): CallerOutlook[] {
  if (dataPlane(pod) !== 'sidecar') return []
  const rewritten = pod.simulated && pod.annotations['sidecar.istio.io/rewriteAppHTTPProbers'] !== 'false'
  const own = proxyPorts(pod)
  return listeningContainers(pod)
    .filter(({name}) => name !== 'istio-proxy' && !rewritten)
    .flatMap((container) =>
      container.probes
        .filter(({type}) => type === 'http' || type === 'grpc')
        .flatMap((probe) =>
          portOf(probe, container)
            .filter((port) => !own.has(port))
            .flatMap((port) => {
              const target = turning.at(pod, port)
              if (target === null) return []
              const reason = `the ${probe.kind} probe of container \`${container.name}\` goes to port ${port} itself: it was not rewritten to the agent`
              return [
                {
                  caller: kubelet,
                  server: rowOf(target),
                  outlook: 'breaks' as const,
                  because: 'kubelet-probe' as const,
                  reason,
                  seen: '',
                  by: null,
                },
              ]
            }),
        ),
    )
}

function portOf({port}: HealthProbe, {ports}: Container): number[] {
  return typeof port === 'number' ? [port] : ports.filter(({name}) => name === port).map((declared) => declared.port)
}

/** Its TLS is not the mesh's. Host processes of an ambient pod's own node are let in, and where the API server runs is not known (rule 46). */
function apiServerOutlook(target: TurningPort, by: Ref): CallerOutlook {
  const server = rowOf(target)
  const isAmbient = target.view.plane === 'ambient'
  const reason = `the API server calls it for ${by.kind} \`${by.name}\`, and has no certificate of the mesh`
  return {caller: apiServer, server, outlook: isAmbient ? 'may-break' : 'breaks', because: 'api-server', reason, seen: '', by}
}

function exposedOutlooks(found: {service: Service; pods: Pod[]}, turning: TurningPorts): CallerOutlook[] {
  const {service} = found
  if (service.type !== 'LoadBalancer' && service.type !== 'NodePort') return []
  const isBalancer = service.type === 'LoadBalancer'
  const {namespace, name, file, line} = service
  const by = {kind: 'Service', namespace, name, ...(file === undefined ? {} : {file}), ...(line === undefined ? {} : {line})}
  const reason = `Service \`${namespace}/${name}\` of type ${service.type} leads clients without a proxy straight to it`
  return targets(found, turning).map((target) => ({
    ...{caller: outside, server: rowOf(target), outlook: isBalancer ? ('breaks' as const) : ('may-break' as const)},
    ...{because: isBalancer ? ('load-balancer' as const) : ('node-port' as const), reason, seen: '', by},
  }))
}

/** What of a Service's ports turns, on any pod behind it; `port` null: all of them. */
function targets({service, pods}: {service: Service; pods: Pod[]}, turning: TurningPorts, port: number | null = null): TurningPort[] {
  const declared = service.ports.filter((each) => each.protocol === 'TCP' && (port === null || each.port === port))
  return pods.flatMap((pod) =>
    declared.flatMap((each) => {
      const target = resolveTargetPort(pod, each)
      return target === null ? [] : (turning.at(pod, target) ?? [])
    }),
  )
}

function unrepeated(outlooks: CallerOutlook[]): CallerOutlook[] {
  const key = ({caller, server, because, by}: CallerOutlook) =>
    [caller.kind, server && rowKey(server), because, JSON.stringify(by)].join('\n')
  return [...new Map(outlooks.map((each) => [key(each), each])).values()]
}

const kubelet: Caller = {kind: 'kubelet', namespace: '', name: ''}
const apiServer: Caller = {kind: 'API server', namespace: '', name: ''}
const outside: Caller = {kind: 'clients outside', namespace: '', name: ''}
