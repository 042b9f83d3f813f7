import type {Report} from '../model/report.ts'
import {callerText, serverText} from './forecast-text.ts'
import {clipped, plural} from './words.ts'

/** What a plan's verdict is made from; only a report of `mode: plan` has `planned`, so no other is judged by its forecast. */
export type Planning = Pick<Report, 'forecast' | 'planned'>

/** A caller that is at work would be refused. */
export function breaksCallers({planned, forecast}: Planning): boolean {
  return planned !== undefined && (forecast?.callers.breaks ?? 0) > 0
}

/** `enforce` would stop before its first change. */
export function isForbidden({planned}: Planning): boolean {
  return (planned?.problems.length ?? 0) > 0
}

/** Who breaks cannot be told: something was not read, or nobody can see whether a caller without a proxy calls. */
export function isBlind({planned, forecast}: Planning): boolean {
  if (planned === undefined || forecast === undefined) return false
  return forecast.blind.length > 0 || (forecast.callers['may-break'] > 0 && !forecast.observed.callers)
}

/** Why a plan did not pass, for what it alone judges; [] when its forecast is not to blame. Names stand in backticks. */
export function planFaults(report: Planning): string[] {
  const {planned, forecast} = report
  const [problem] = planned?.problems ?? []
  if (problem !== undefined) return [`Enforcing would stop before any change: ${clipped(problem.says, 300).replace(/[.\s]+$/, '')}`]
  if (forecast === undefined) return []
  if (breaksCallers(report)) {
    const [first] = forecast.outlooks
    const count = forecast.callers.breaks
    const named =
      first === undefined ? '' : `: ${callerText(first.caller)} calls ${serverText(first.server)}, ${clipped(first.reason, 200)}`
    return [`Enforcing would break ${plural(count, 'caller')}${count > 1 ? ', first' : ''}${named}`]
  }
  if (!isBlind(report)) return []
  const [blind] = forecast.blind
  if (blind !== undefined) return [`Whom enforcing would break cannot be told: ${blind}`]
  const first = forecast.outlooks.find(({outlook}) => outlook === 'may-break')
  const named = first === undefined ? '' : `, such as ${callerText(first.caller)}`
  return [`Whether ${plural(forecast.callers['may-break'], 'caller')} would break is not known${named}; ${forecast.observed.says}`]
}

/** The sentence of a plan that passed. */
export function planPassed({planned, forecast}: Planning): string {
  const changes =
    planned === undefined
      ? 0
      : planned.releases.filter(({does}) => does !== 'unchanged').length +
        planned.policies.length +
        planned.labels.length +
        planned.restarts.length +
        planned.objects.length
  if (changes === 0) return 'Enforcing would change nothing'
  const ports = forecast?.turning.length ?? 0
  const would = `Enforcing would make ${plural(changes, 'change')}`
  if (ports === 0) return `${would} and turn no port STRICT that is not so already`
  const silent = forecast?.callers['may-break'] ?? 0
  const who = silent === 0 ? 'every caller that is known has a proxy' : `${plural(silent, 'caller')} without one did not call`
  const unknown = forecast?.callers.unknown ?? 0
  const rest = unknown === 0 ? '' : `; of ${plural(unknown, 'more caller')} it cannot be told`
  return `${would}, turn ${plural(ports, 'port')} STRICT and break nobody: ${who}${rest}`
}
