import type {KubeObject} from '../io/io.ts'
import {fieldsOf, listOf, numberOf, textOf} from './untrusted.ts'

/** How far a prober pod has come. */
export type ProberState =
  | {is: 'ready'}
  /** `says` is why, in Kubernetes' words, or ''. */
  | {is: 'waiting'; says: string}
  | {is: 'failed'; says: string; entry: 'prober-image' | 'prober-ended'}

/** Reads a prober pod's status; a message of the cluster is shortened, printable text. */
export function proberState(pod: KubeObject): ProberState {
  const status = fieldsOf(pod['status'])
  const phase = textOf(status['phase'])
  const containers = [...listOf(status['initContainerStatuses']), ...listOf(status['containerStatuses'])]
  const conditions = listOf(status['conditions'])
  if (phase === 'Failed' || phase === 'Succeeded') return {is: 'failed', says: endText(status, containers), entry: 'prober-ended'}
  for (const container of containers) {
    const waiting = fieldsOf(fieldsOf(container['state'])['waiting'])
    const reason = textOf(waiting['reason'])
    if (hopeless.has(reason)) return {is: 'failed', says: joined(reason, textOf(waiting['message'])), entry: 'prober-image'}
    const ended = fieldsOf(fieldsOf(container['state'])['terminated'])
    if (numberOf(ended['exitCode'], 0) !== 0) return {is: 'failed', says: endText(status, containers), entry: 'prober-ended'}
  }
  if (conditions.some((each) => each['type'] === 'Ready' && each['status'] === 'True')) return {is: 'ready'}
  const scheduled = conditions.find((each) => each['type'] === 'PodScheduled' && each['status'] === 'False')
  if (scheduled !== undefined) return {is: 'waiting', says: joined(textOf(scheduled['reason']), textOf(scheduled['message']))}
  const [waiting] = containers.map((each) => fieldsOf(fieldsOf(each['state'])['waiting'])).filter((each) => textOf(each['reason']) !== '')
  return {is: 'waiting', says: waiting === undefined ? '' : joined(textOf(waiting['reason']), textOf(waiting['message']))}
}

/** Reasons for which the kubelet may go on trying, but that a run does not wait out (pkg/kubelet/images/types.go, kuberuntime_container.go). */
const hopeless = new Set([
  'ImagePullBackOff',
  'ErrImageNeverPull',
  'InvalidImageName',
  'ImageInspectError',
  'CreateContainerConfigError',
  'CreateContainerError',
  'RunContainerError',
  'CrashLoopBackOff',
])

function endText(status: Record<string, unknown>, containers: readonly Record<string, unknown>[]): string {
  const own = joined(textOf(status['reason']), textOf(status['message']))
  const [ended] = containers
    .map((each) => ({name: textOf(each['name']), ...fieldsOf(fieldsOf(each['state'])['terminated'])}) as Record<string, unknown>)
    .filter((each) => numberOf(each['exitCode'], 0) !== 0)
  if (ended === undefined) return own || 'it ended by itself'
  const lastWords = joined(textOf(ended['reason']), textOf(ended['message']))
  return [own, `container \`${textOf(ended['name'])}\` ended with code ${numberOf(ended['exitCode'], 0)} (${lastWords})`]
    .filter(Boolean)
    .join('; ')
}

function joined(reason: string, message: string): string {
  return [reason, message]
    .filter(Boolean)
    .join(': ')
    .replace(/[^\x20-\x7e]+/g, ' ')
    .trim()
    .slice(-300)
}
