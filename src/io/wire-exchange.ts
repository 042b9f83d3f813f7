import type {Duplex} from 'node:stream'
import type {Heard} from './wire-forms.ts'
import {tapped} from './wire-tap.ts'
import {after} from './timer.ts'

/** Sends `request` as it stands and listens until `until`, `maxBytes`, the end or the time-out; then hangs up. Never rejects. */
export function exchange(
  inner: Duplex,
  request: string,
  {timeoutMs, maxBytes, until = '\n'}: {timeoutMs: number; maxBytes: number; until?: string},
): Promise<Heard> {
  const tap = tapped(inner, maxBytes)
  return new Promise((resolve) => {
    const finish = (end: Heard['end']) => {
      clearTimeout(timer)
      tap.stream.destroy()
      resolve({bytes: tap.bytes(), end})
    }
    const timer = after(timeoutMs, () => finish('late'))
    tap.stream.on('data', () => {
      // One line says what answered; who sends no line is heard out, so that endless bodies end at the limit.
      if (tap.bytes().includes(until) || tap.bytes().length >= maxBytes) finish('enough')
    })
    tap.stream.on('end', () => finish(tap.end() ?? 'closed'))
    tap.stream.on('error', () => finish('reset'))
    tap.stream.write(request, 'latin1')
  })
}
