import type {Io} from '../io/io.ts'
import type {PortProbe, ProbeAnswer} from '../model/evidence.ts'
import type {Ask} from './ask.ts'
import type {Scheme, Seen} from './probe-answer.ts'
import type {PlannedPort} from './probe-plan.ts'

/**
 * Asks one port: TLS first, under STRICT at most five times until it is clear; then, only where STRICT was computed, once in plain text.
 * The alert races with the API server's own write: a busy node loses it more often, so each further try waits a little longer.
 */
export async function probePort(planned: PlannedPort, ask: Ask, clock: Io['clock']): Promise<PortProbe> {
  const {namespace, pod, address, port, strict} = planned
  const tls = await answer('tls', strict ? 5 : 1)
  return {namespace, pod, address, port, tls, plain: strict ? await answer('plain', 2) : null}

  async function answer(scheme: Scheme, most: number): Promise<ProbeAnswer> {
    for (let tried = 1; ; tried++) {
      const seen = await ask(planned, scheme)
      if (tried >= most || !isWorthAnother(scheme, seen)) return {...seen, tries: tried, at: clock.now().toISOString()}
      await clock.sleep(seen.saw === 'unread' ? 500 : 20 * tried)
    }
  }
}

/** A closed connection is what a plain request hopes for, but only hides what TLS would have told. */
function isWorthAnother(scheme: Scheme, {saw}: Seen): boolean {
  return saw === 'unread' || (scheme === 'tls' && saw === 'closed')
}

/** Did the port close both connections, so that only the lost alert is missing? */
export function isSilent(probe: PortProbe | undefined): boolean {
  return probe?.tls?.saw === 'closed' && probe.plain?.saw === 'closed'
}

/** Both probes agree that mutual TLS is demanded; false also where STRICT was not computed. */
export function isSettled({tls, plain}: PortProbe): boolean {
  return tls?.saw === 'client-certificate' && plain?.saw === 'closed'
}

/** Can a policy still on its way, an old connection still alive or a proxy not yet up explain what was seen? A broken path cannot be waited for. */
export function mayStillSettle({tls, plain}: PortProbe): boolean {
  return [tls, plain].every((each) => each !== null && each.saw !== 'unread' && (each.saw !== 'inconclusive' || isRefused(each)))
}

/** On a captured port only the proxy can refuse, and only before it listens. */
function isRefused({detail}: ProbeAnswer): boolean {
  return detail.endsWith('connection refused')
}
