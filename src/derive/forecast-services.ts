import type {CallerOutlook, CallerReason} from '../model/forecast.ts'
import type {Snapshot} from '../model/snapshot.ts'
import type {Pod, Service} from '../model/workload.ts'
import type {ClientClass} from './client-classes.ts'
import {clientTlsToEntry, entryEndpoints, isEntryVisible, type ServiceEntrySpec} from './client-service-entries.ts'
import {type ClientTls, type ClientTlsContext, clientTls, hostOf, tlsLabel} from './client-tls.ts'
import {type DestinationRuleIndex, destinationRuleFor, destinationRuleIndex} from './destination-rules.ts'
import {dataPlane, isFinished} from './membership.ts'
import {policiesVisible} from './policies-visible.ts'
import {policyIndex} from './policy-index.ts'
import {servicesOf} from './services-of.ts'
import {resolveTargetPort} from './target-port.ts'
import {rowKey, rowOf, type TurningPorts} from './turning-ports.ts'

/** What clients of the mesh would send, through Services and ServiceEntries, to the ports that turn: whatever is not mutual TLS (rules 47 to 57). */
export function serviceOutlooks(classes: readonly ClientClass[], turning: TurningPorts, after: Snapshot): CallerOutlook[] {
  const pods = after.pods.read ? after.pods.value.filter((pod) => !isFinished(pod)) : []
  const behind = podsBehind(after.services.read ? after.services.value : [], pods)
  const found = new Map<string, CallerOutlook>()
  for (const each of classes) {
    const context = contextOf(each, after)
    const note = (pod: Pod, port: number, sent: {because: CallerReason; reason: string; by: ClientTls['by']}) => {
      const target = turning.at(pod, port)
      if (target === null) return
      const server = rowOf(target)
      const key = [JSON.stringify(each.caller), rowKey(server), sent.because, JSON.stringify(sent.by)].join('\n')
      found.set(key, {caller: each.caller, server, outlook: 'may-break', seen: '', ...sent})
    }
    for (const [service, servers] of behind) callService(each, service, servers, turning, context, note)
    if (each.plane === 'sidecar') callEntries(each, pods, after, context, note)
  }
  return [...found.values()]
}

type Note = (pod: Pod, port: number, sent: {because: CallerReason; reason: string; by: ClientTls['by']}) => void

function callService(
  {plane, pod, tunnels, mesh}: ClientClass,
  service: Service,
  servers: Pod[],
  turning: TurningPorts,
  context: ClientTlsContext,
  note: Note,
): void {
  for (const declared of service.ports) {
    if (declared.protocol !== 'TCP') continue
    for (const server of distinct(servers)) {
      const port = resolveTargetPort(server, declared)
      if (port === null || turning.at(server, port) === null) continue
      const isTunnelled = dataPlane(server) === 'ambient' || server.labels['networking.istio.io/tunnel'] === 'http'
      if (plane === 'ambient') {
        if (!isTunnelled) note(server, port, {because: 'ambient-to-sidecar', reason: toSidecar, by: null})
        continue
      }
      const subsets = subsetsFor(context.rules, pod, service)
      for (const subset of subsets) {
        const sent = clientTls({client: pod, service, port: declared.port, subset, server, instances: servers}, context)
        if (sent.sends === 'mtls' || (sent.by === null && tunnels && isTunnelled)) continue
        note(server, port, {because: reasonOf(sent, service, mesh.enableAutoMtls), reason: sentText(sent), by: sent.by})
      }
    }
  }
}

function callEntries({pod}: ClientClass, pods: readonly Pod[], after: Snapshot, context: ClientTlsContext, note: Note): void {
  const workloadEntries = after.workloadEntries.read ? after.workloadEntries.value : []
  for (const entry of after.serviceEntries.read ? after.serviceEntries.value : []) {
    if (!isEntryVisible(entry, pod.namespace)) continue
    const {hosts = [], ports = []} = entry.spec as ServiceEntrySpec
    for (const host of hosts)
      for (const {number: port} of ports) {
        if (port === undefined) continue
        const endpoints = entryEndpoints(entry, host, port, {pods, workloadEntries})
        for (const endpoint of endpoints) {
          const server = endpoint.pod ?? pods.find(({ips, hostNetwork}) => !hostNetwork && ips.includes(endpoint.address))
          if (server === undefined) continue
          const sent = clientTlsToEntry({client: pod, entry, host, port, subset: '', endpoint, endpoints}, context)
          if (sent.sends === 'mtls') continue
          const {namespace, name, file, line} = entry
          const by = sent.by ?? {
            kind: 'ServiceEntry',
            namespace,
            name,
            ...(file === undefined ? {} : {file}),
            ...(line === undefined ? {} : {line}),
          }
          note(server, endpoint.port, {because: sent.by === null ? 'service-entry' : 'destination-rule', reason: sentText(sent), by})
        }
      }
  }
}

function contextOf({mesh}: ClientClass, after: Snapshot): ClientTlsContext {
  const {policies, namespaces, destinationRules} = after
  const visible = policiesVisible(policies.read ? policies.value : [], mesh, namespaces.read ? namespaces.value : [])
  return {
    mesh,
    rules: destinationRuleIndex(destinationRules.read ? destinationRules.value : [], mesh.rootNamespace, mesh.revision),
    policies: policyIndex(visible, mesh.rootNamespace),
  }
}

function podsBehind(services: readonly Service[], pods: readonly Pod[]): Map<Service, Pod[]> {
  const selecting = servicesOf(services)
  const behind = new Map<Service, Pod[]>()
  for (const pod of pods)
    for (const service of selecting(pod)) {
      const known = behind.get(service)
      if (known === undefined) behind.set(service, [pod])
      else known.push(pod)
    }
  return behind
}

/** One pod for all of a workload that clients cannot tell apart. */
function distinct(pods: readonly Pod[]): Pod[] {
  const key = (pod: Pod) =>
    [pod.workload.kind, pod.workload.name, tlsLabel(pod), dataPlane(pod), pod.labels['networking.istio.io/tunnel']].join('\n')
  return [...new Map(pods.map((pod) => [key(pod), pod])).values()]
}

/** A route may name any subset. */
function subsetsFor(rules: DestinationRuleIndex, client: Pod, service: Service): string[] {
  const rule = destinationRuleFor(rules, client, hostOf(service), service.namespace)
  return ['', ...(rule?.subsets ?? []).map(({name}) => name)]
}

function reasonOf({by}: ClientTls, {clusterIP}: Service, autoMtls: boolean): CallerReason {
  if (by !== null) return 'destination-rule'
  if (!autoMtls) return 'auto-mtls-off'
  return clusterIP === 'None' ? 'headless' : 'not-labelled'
}

function sentText({sends, reason}: ClientTls): string {
  return `they send ${sends === 'foreign-tls' ? 'TLS without a certificate of the mesh' : 'plain text'}: ${reason}`
}

const toSidecar = 'ztunnel tunnels to ambient workloads alone, and sends plain text to a sidecar without the tunnel label'
