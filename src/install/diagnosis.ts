import type {Io, Kube, KubeObject} from '../io/io.ts'
import {istioNamespace} from './found.ts'
import type {ReleasePlan} from './release-plan.ts'

/** What a release runs: its name for people, the path of its pods and of its namespace's warnings, and how the names of its objects begin. */
export interface Watched {
  what: string
  pods: string
  events: string
  named: string
}

/** What to look at while helm works on a release; null: it runs nothing. */
export function watchedOf({chart, namespace}: Pick<ReleasePlan, 'chart' | 'namespace'>, revision: string): Watched | null {
  if (chart === 'base') return null
  if (chart === 'istiod') return {what: 'istiod', pods: istiodPodsPath(revision), events: eventsPathIn(namespace), named: 'istiod'}
  const [label, named] =
    chart === 'cni' ? ['k8s-app%3Distio-cni-node', 'istio-cni-node'] : ['app.kubernetes.io%2Fname%3Dztunnel', 'ztunnel']
  return {what: named, pods: `/api/v1/namespaces/${namespace}/pods?labelSelector=${label}`, events: eventsPathIn(namespace), named}
}

/** Why a release is not ready yet, in its pods' own words: one sentence per pod or object; [] when nothing speaks of trouble. */
export async function troublesOf({pods: podsPath, events: path, named}: Watched, kube: Kube): Promise<string[]> {
  const [pods, events] = await Promise.all([
    kube.list(podsPath, podTrouble),
    kube.list(path, (event) => eventTrouble(event, named)).catch(() => []),
  ])
  if (pods.length > 0) return pods
  return [...new Set(events)].slice(-3)
}

/**
 * Says every few seconds what is awaited while `work` runs: helm itself is silent until its timeout.
 * A failure to look is said once and never ends the work.
 */
export async function whileWatching<T>(work: Promise<T>, kube: Kube, watched: Watched, io: Pick<Io, 'log' | 'clock'>): Promise<T> {
  const done = new AbortController()
  const watching = watch(kube, watched, io, done.signal)
  try {
    return await work
  } finally {
    done.abort()
    await watching
  }
}

async function watch(kube: Kube, watched: Watched, io: Pick<Io, 'log' | 'clock'>, done: AbortSignal): Promise<void> {
  let said = ''
  try {
    for (;;) {
      await io.clock.sleep(lookEveryMs, done)
      const text = (await troublesOf(watched, kube)).join('; ') || 'its pods to become ready'
      if (done.aborted) return
      if (text !== said) io.log.line(`waiting for ${watched.what}: ${text}`)
      said = text
    }
  } catch (thrown) {
    if (!done.aborted) io.log.detail(`cannot look at ${watched.what} while waiting: ${String(thrown)}`)
  }
}

const lookEveryMs = 4_000

/** Path of the pods of one revision's istiod (istio-discovery/templates/deployment.yaml labels them so). */
export function istiodPodsPath(revision: string): string {
  return `/api/v1/namespaces/${istioNamespace}/pods?labelSelector=app%3Distiod%2Cistio.io%2Frev%3D${revision || 'default'}`
}

/** Warnings of istio-system. */
export const eventsPath = eventsPathIn(istioNamespace)

/** Path of the warnings of a namespace: what keeps pods from being made at all (quota, admission). */
function eventsPathIn(namespace: string): string {
  return `/api/v1/namespaces/${namespace}/events?fieldSelector=type%3DWarning`
}

interface PodStatus {
  conditions?: {type: string; status: string; reason?: string; message?: string}[]
  containerStatuses?: {
    name: string
    ready?: boolean
    restartCount?: number
    state?: {waiting?: {reason?: string; message?: string}; terminated?: {reason?: string; exitCode?: number}}
    lastState?: {terminated?: {reason?: string; exitCode?: number}}
  }[]
}

function podTrouble(pod: KubeObject): string | null {
  const {conditions = [], containerStatuses = []} = (pod['status'] ?? {}) as PodStatus
  if (conditions.some(({type, status}) => type === 'Ready' && status === 'True')) return null
  const unscheduled = conditions.find(({type, status}) => type === 'PodScheduled' && status === 'False')
  if (unscheduled !== undefined) return `pod ${pod.metadata.name}: ${said(unscheduled)}`
  for (const {name, state, lastState, restartCount = 0} of containerStatuses) {
    if (state?.waiting?.reason !== undefined && state.waiting.reason !== 'ContainerCreating') {
      const died = lastState?.terminated
      const before =
        died === undefined ? '' : ` (ended with ${died.reason ?? 'an error'}, code ${died.exitCode ?? 'unknown'}, ${restartCount} restarts)`
      return `pod ${pod.metadata.name}, container ${name}: ${said(state.waiting)}${before}`
    }
  }
  return null
}

function eventTrouble(event: KubeObject, named: string): string | null {
  const {reason, message, involvedObject} = event as unknown as {
    reason?: string
    message?: string
    involvedObject?: {kind?: string; name?: string}
  }
  if (!involvedObject?.name?.startsWith(named) || !decisive.has(reason ?? '')) return null
  return `${involvedObject.kind} ${involvedObject.name}: ${said({reason, message})}`
}

const decisive = new Set(['FailedCreate', 'FailedMount', 'FailedScheduling', 'FailedCreatePodSandBox'])

function said({reason, message}: {reason?: string; message?: string}): string {
  return [reason, message].filter(Boolean).join(': ').replace(/\s+/g, ' ').slice(0, 400)
}
