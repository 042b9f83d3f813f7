import type {CallerOutlook} from '../model/forecast.ts'
import type {Snapshot} from '../model/snapshot.ts'
import {captureOf} from './capture.ts'
import {meshFor} from './mesh-for.ts'
import type {PossibleCaller} from './possible-callers.ts'
import {type SidecarFor, sidecarScopes} from './sidecar-scope.ts'

/** What every workload brings as a caller by itself, whomever it calls: a proxy, none, or one that may be passed by (rules 37, 38, 47, 56). */
export function callerOutlooks(callers: readonly PossibleCaller[], snapshot: Snapshot): CallerOutlook[] {
  const sidecars = snapshot.sidecars.read ? snapshot.sidecars.value : []
  const meshes = snapshot.mesh.read ? snapshot.mesh.value : []
  const byRoot = new Map<string, SidecarFor>()
  const sidecarFor = (root: string) => {
    const scopes = byRoot.get(root) ?? sidecarScopes(sidecars, root)
    byRoot.set(root, scopes)
    return scopes
  }
  return callers.map((caller) => ({
    ...{caller: caller.caller, server: null, seen: '', by: null},
    ...ownOutlook(caller, sidecarFor(meshFor(caller.pod, meshes).rootNamespace)),
  }))
}

type OwnOutlook = Pick<CallerOutlook, 'outlook' | 'because' | 'reason'>

function ownOutlook({plane, pod, pods, asleep, caller}: PossibleCaller, sidecarFor: SidecarFor): OwnOutlook {
  const isJob = caller.kind === 'Job' || caller.kind === 'CronJob'
  const rests = asleep && !isJob ? ', though none of its pods runs now' : ''
  if (plane === 'none') {
    const when = isJob ? ', and what a job calls shows only while it runs' : rests
    if (pod.hostNetwork) return mayBreak('host-network', `it is on its node's network and can have no proxy${when}`)
    return mayBreak('no-proxy', `it has no proxy, so whatever it calls in the mesh it calls in plain text${when}`)
  }
  if (isJob) return unknown('job', 'its pods have a proxy now, but a job is another pod each time: never called safe')
  if (plane === 'proxyless')
    return unknown('proxyless', 'a gRPC client without Envoy uses mutual TLS only where it asks for xDS credentials')
  if (plane === 'sidecar') {
    const leak = pods.map((each) => leakOf(each)).find((clause) => clause !== null) ?? null
    if (leak !== null) return unknown('past-the-proxy', `${leak}, so some of its calls may go out in plain text`)
    if (pods.some((each) => isNarrow(sidecarFor(each))))
      return unknown('sidecar-egress', 'its Sidecar imports only some hosts: calls to any other go out as they are')
  }
  return {outlook: 'safe', because: 'mutual-tls', reason: `its proxy speaks mutual TLS to Services of the mesh${rests}`}
}

/** By which way calls leave beside the proxy, as one clause, or null (rule 38). */
function leakOf(pod: PossibleCaller['pod']): string | null {
  const {mode, outbound} = captureOf(pod)
  if (mode === 'NONE') return 'nothing intercepts its calls'
  const {includeRanges, excludeRanges, excludePorts} = outbound
  // `-q` adds ports to what the ranges include and takes none away (istio-iptables, run.go:configureIPv4).
  if (includeRanges !== '*') return 'its capture rules include only some addresses'
  if (excludeRanges !== '' || excludePorts !== '') return 'its capture rules leave some addresses or ports out'
  const isProxys = pod.containers.some(
    ({name, runAsUser, runAsGroup}) =>
      name !== 'istio-proxy' &&
      ((runAsUser ?? pod.securityContext.runAsUser) === proxyId || (runAsGroup ?? pod.securityContext.runAsGroup) === proxyId),
  )
  if (isProxys) return "a container runs as 1337, the proxy's own user, which the rules let by"
  return null
}

const proxyId = 1337

function isNarrow(sidecar: ReturnType<SidecarFor>): boolean {
  const egress = (sidecar?.spec as {egress?: {hosts?: string[]}[]} | undefined)?.egress ?? []
  return egress.length > 0 && !egress.some(({hosts = []}) => hosts.includes('*/*'))
}

function mayBreak(because: CallerOutlook['because'], reason: string): OwnOutlook {
  return {outlook: 'may-break', because, reason}
}

function unknown(because: CallerOutlook['because'], reason: string): OwnOutlook {
  return {outlook: 'unknown', because, reason}
}
