import {readFileSync} from 'node:fs'

/** A process that cannot be taken for another one which later got the same number. */
export interface ProcessIdentity {
  pid: number
  /** Clock ticks since the machine started, field 22 of /proc/PID/stat. */
  startTime: string
}

/** The identity of a living process; `undefined` when there is none (a zombie counts as none). */
export function identityOf(pid: number): ProcessIdentity | undefined {
  let stat: string
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  } catch {
    return undefined
  }
  // The second field is the name in parentheses and may itself hold spaces and parentheses.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  if (fields[0] === 'Z' || fields[0] === 'X') return undefined
  return {pid, startTime: fields[19] ?? ''}
}

/** Whether that very process still runs. */
export function isAlive(identity: ProcessIdentity | undefined): boolean {
  return identity !== undefined && identityOf(identity.pid)?.startTime === identity.startTime
}
