import type {Kube, KubeObject} from '../io/io.ts'
import {KubeFailure, messageOf} from '../model/failure.ts'
import {redacted} from './redact.ts'

/** The newest events of namespaces, a line each, of six fields and no more; what could not be read is said in its place. Never throws. */
export async function eventLines(namespaces: string[], kube: Kube): Promise<{text: string; denied: boolean}> {
  let denied = false
  const parts = await Promise.all(
    namespaces.map(async (namespace) => {
      try {
        const events = await kube.list(`/api/v1/namespaces/${namespace}/events`, (event) => event)
        const lines = events.map(lineOf).sort().slice(-most)
        return [`# ${namespace}: ${events.length === 0 ? 'no event' : `the newest ${lines.length} of ${events.length}`}`, ...lines]
      } catch (thrown) {
        denied ||= thrown instanceof KubeFailure && thrown.status === 403
        return [`# ${namespace}: not read: ${redacted(messageOf(thrown))}`]
      }
    }),
  )
  return {text: `${parts.flat().join('\n')}\n`, denied}
}

function lineOf(event: KubeObject): string {
  const {type, reason, message, count, lastTimestamp, eventTime, involvedObject} = event as unknown as Partial<
    Record<'type' | 'reason' | 'message' | 'lastTimestamp' | 'eventTime', unknown>
  > & {count?: unknown; involvedObject?: {kind?: unknown; name?: unknown}}
  const text = (value: unknown) => (typeof value === 'string' ? value.replace(/\s+/g, ' ').slice(0, 500).toWellFormed() : '')
  const times = typeof count === 'number' && count > 1 ? ` (${count} times)` : ''
  const at = text(lastTimestamp) || text(eventTime) || text(event.metadata?.creationTimestamp)
  return redacted(
    `${at} ${text(type)} ${text(reason)} ${text(involvedObject?.kind)}/${text(involvedObject?.name)}: ${text(message)}${times}`,
  )
}

const most = 200
