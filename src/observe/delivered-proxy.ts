import type {Kube} from '../io/io.ts'
import type {RunningProxy} from '../model/delivered.ts'
import {KubeFailure, messageOf} from '../model/failure.ts'
import {type Part, read, unread} from '../model/part.ts'
import {countersFilter, countersFrom} from './project-counters.ts'
import {listenersFrom} from './project-listeners.ts'
import {secretsFrom} from './project-secrets.ts'

/** A pod whose Envoy is asked; `listeners` is the name pattern of those that matter, '' for none. */
export interface InspectedPod {
  namespace: string
  pod: string
  listeners: string
}

/** Reads one Envoy's admin port, three questions at once; a pod that cannot be read carries its reason. Never throws. */
export async function inspectProxy({namespace, pod, listeners}: InspectedPod, timeoutMs: number, kube: Kube): Promise<Part<RunningProxy>> {
  if (timeoutMs <= 0) return unread('the `deadline` of the run was over before its proxy was read')
  const ask = async (path: string) => {
    const {status, body} = await kube.forwardedGet({namespace, pod, port: adminPort}, path, {timeoutMs, maxBytes})
    if (status !== 200) throw new Error(`Envoy answered ${status} to \`${path.split('?')[0]}\``)
    return body
  }
  try {
    const [dump, secrets, stats] = await Promise.all([
      listeners === '' ? '{}' : ask(`/config_dump?resource=dynamic_listeners&name_regex=${encodeURIComponent(listeners)}`),
      ask('/config_dump?resource=dynamic_active_secrets'),
      ask(`/stats/prometheus?filter=${encodeURIComponent(countersFilter)}`),
    ])
    return read({...listenersFrom(dump), ...secretsFrom(secrets), counters: countersFrom(stats)})
  } catch (thrown) {
    if (thrown instanceof KubeFailure && thrown.status === 404) return unread(gone(pod))
    return unread(`the proxy of pod \`${pod}\` could not be read: ${whyNot(thrown)}`)
  }
}

/** Why a pod that was deleted while the run looked was not read. */
export function gone(pod: string): string {
  return `pod \`${pod}\` is gone`
}

/** The listeners alone, for asking again: 'gone' for a pod that was deleted meanwhile, null where they could not be read this time. */
export async function inspectListeners(
  {namespace, pod, listeners}: InspectedPod,
  timeoutMs: number,
  kube: Kube,
): Promise<Pick<RunningProxy, 'listeners' | 'stuck'> | 'gone' | null> {
  try {
    const path = `/config_dump?resource=dynamic_listeners&name_regex=${encodeURIComponent(listeners)}`
    const {status, body} = await kube.forwardedGet({namespace, pod, port: adminPort}, path, {timeoutMs, maxBytes})
    return status === 200 ? listenersFrom(body) : null
  } catch (thrown) {
    return thrown instanceof KubeFailure && thrown.status === 404 ? 'gone' : null
  }
}

/** The kubelet's words name sandboxes by their ids: what people can use is the end. */
function whyNot(thrown: unknown): string {
  if (thrown instanceof KubeFailure && thrown.status === 403) return 'port-forward was refused (403)'
  const message = messageOf(thrown)
  return /connection refused/.test(message) ? `nothing listens on its admin port ${adminPort}` : message.replace(/\s+/g, ' ').slice(0, 200)
}

const adminPort = 15000
const maxBytes = 64 * 1024 * 1024
