import {readFile} from 'node:fs/promises'

/** When a process started, in clock ticks since boot (`/proc/PID/stat`, field 22): with the pid it names one process for ever. '' when unknown. */
export async function startTimeOf(pid: number): Promise<string> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  // Field 2 is the program's name in brackets and may itself hold spaces and brackets.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return fields[startTimeField - firstFieldAfterName] ?? ''
}

const startTimeField = 22
const firstFieldAfterName = 3
