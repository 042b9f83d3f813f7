import type {Io} from '../io/io.ts'
import type {PortProbe, ProbeAnswer} from '../model/evidence.ts'
import type {Ask} from './ask.ts'
import type {Scheme, Seen} from './probe-answer.ts'
import type {PlannedPort} from './probe-plan.ts'

/**
 * Asks one port: TLS first, at most five times until it is clear (the alert races with the write, so a closed connection is asked again);
 * then, only where STRICT was computed, once in plain text.
 */
export async function probePort(planned: PlannedPort, ask: Ask, clock: Io['clock']): Promise<PortProbe> {
  const {namespace, pod, address, port, strict} = planned
  const tls = await answer('tls', strict ? 5 : 1)
  return {namespace, pod, address, port, tls, plain: strict ? await answer('plain', 2) : null}

  async function answer(scheme: Scheme, tries: number): Promise<ProbeAnswer> {
    for (let tried = 1; ; tried++) {
      const seen = await ask({namespace, pod, port}, scheme)
      if (tried >= tries || !isWorthAnother(scheme, seen)) return {...seen, tries: tried, at: clock.now().toISOString()}
      if (seen.saw === 'unread') await clock.sleep(500)
    }
  }
}

/** A closed connection is what a plain request hopes for, but only hides what TLS would have told. */
function isWorthAnother(scheme: Scheme, {saw}: Seen): boolean {
  return saw === 'unread' || (scheme === 'tls' && saw === 'closed')
}

/** Both probes agree that mutual TLS is demanded; false also where STRICT was not computed. */
export function isSettled({tls, plain}: PortProbe): boolean {
  return tls?.saw === 'client-certificate' && plain?.saw === 'closed'
}

/** Can a policy still on its way, or an old connection still alive, explain what was seen? A broken path cannot be waited for. */
export function mayStillSettle({tls, plain}: PortProbe): boolean {
  return [tls, plain].every((each) => each !== null && each.saw !== 'unread' && each.saw !== 'inconclusive')
}
