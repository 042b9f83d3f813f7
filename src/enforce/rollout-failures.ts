import {type Broken, brokenKey} from '../derive/rollout-verdict.ts'
import type {RolloutDecision} from '../derive/rollout-decision.ts'
import {Failure, messageOf} from '../model/failure.ts'
import type {Caller, CallerOutlook} from '../model/forecast.ts'
import {type Stuck, stuckText} from './take-back.ts'
import type {Trial} from './trial.ts'

/** Callers that STRICT broke while it was watched. */
export class Broke extends Error {
  readonly broken: Broken[]
  constructor(broken: Broken[]) {
    super(broken.map(brokenKey).join('; '))
    this.broken = broken
  }
}

/** Why STRICT was not written. */
export function stopped({because, says, guilty}: RolloutDecision & {do: 'stop'}): Failure {
  const named = guilty.slice(0, 5).map(outlookText).join('; ')
  const more = guilty.length > 5 ? `; and ${guilty.length - 5} more` : ''
  if (because === 'live-caller') {
    return new Failure(`STRICT would break callers that are at work: ${named}${more}. STRICT was not written.`, {
      cure: 'Bring each caller into the mesh, give its port an exception of its own, or take it away; then run again. `mode: plan` lists all of them. `rollout: immediate` goes on regardless.',
      entry: 'live-caller',
    })
  }
  if (because === 'not-observable') {
    return new Failure(
      `Nobody can see whether STRICT would break a caller (${says}), and it would refuse ${named}${more}, if they call. STRICT was not written.`,
      {
        cure: 'Turn access logging on (`access-logging: true`, or a Telemetry) and run again when the callers have called, bring them into the mesh, or set `rollout: immediate` to go on without knowing.',
        entry: 'callers-not-observable',
      },
    )
  }
  return new Failure(`Whether STRICT would break a caller cannot be told: ${says}. STRICT was not written.`, {
    cure: 'Grant the role `read` of docs/permissions.md, or set `rollout: immediate` to go on without knowing.',
    entry: 'forecast-blind',
  })
}

/** `Deployment legacy/till → shop/orders:8080 (it has no proxy …)`. */
function outlookText({caller, server, reason, seen}: CallerOutlook): string {
  const target = server === null ? 'any port' : `\`${server.namespace}/${server.workload.name}:${server.port ?? 'undeclared ports'}\``
  return `${callerText(caller)} → ${target} (${reason}${seen === '' ? '' : `; ${seen}`})`
}

function callerText({kind, namespace, name}: Caller): string {
  return name === ''
    ? `${kind}${namespace === '' ? '' : ` of namespace \`${namespace}\``}`
    : `${kind} \`${namespace === '' ? '' : `${namespace}/`}${name}\``
}

/** Why STRICT was taken back, what is back of the former state, and what is not. */
export function takenBack(thrown: unknown, trials: readonly Trial[], stuck: readonly Stuck[]): Failure {
  const back = trials.filter(({namespace, name}) => !stuck.some(({trial}) => trial.namespace === namespace && trial.name === name))
  const policies = back.map(({namespace, name}) => `\`${namespace}/${name}\``).join(', ')
  const restored = [back.length === 0 ? '' : `The former state of PeerAuthentication ${policies} is back.`, stuckText(stuck)]
    .filter(Boolean)
    .join(' ')
  const did = back.length === 0 ? 'could not be taken back' : 'was taken back'
  if (thrown instanceof Broke) {
    const [first, ...more] = thrown.broken
    const says = first === undefined ? '' : `${callerText(first.caller)}: ${first.how}`
    return new Failure(`STRICT broke a caller and ${did}: ${says}${more.length === 0 ? '' : `; and ${more.length} more`}. ${restored}`, {
      cure: 'Bring that caller into the mesh, or give the port it calls an exception of its own; then run again.',
      entry: 'rollout-taken-back',
    })
  }
  return new Failure(`STRICT was not verified and ${did}: ${messageOf(thrown)}. ${restored}`, {
    cure: 'Run again; with `rollout: immediate` nothing is watched.',
    entry: 'rollout-taken-back',
    cause: thrown,
  })
}
