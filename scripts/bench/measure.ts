import {spawn} from 'node:child_process'
import {readFileSync} from 'node:fs'

/** A program to measure as a whole process. */
export interface Contender {
  name: string
  command: string
  args: string[]
  env: Record<string, string>
  /** Exit codes that mean it did its work; any other is an error. */
  codes: number[]
}

/** What one run of it took: wall and CPU time in milliseconds, peak resident memory in bytes. */
export interface Measure {
  wallMs: number
  cpuMs: number
  peakBytes: number
}

/** Starts it and watches the kernel's account of it until it ends; throws when it fails, with the end of what it said. */
export async function measure({name, command, args, env, codes}: Contender): Promise<Measure> {
  const began = performance.now()
  const child = spawn(command, args, {env, stdio: ['ignore', 'pipe', 'pipe']})
  let said = ''
  const listen = (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-4000)
  }
  child.stdout.on('data', listen)
  child.stderr.on('data', listen)
  let last = {peakBytes: 0, cpuMs: 0}
  // The peak is the kernel's own high-water mark: only what grows in a process's last milliseconds can be missed.
  const timer = setInterval(() => {
    last = accountOf(child.pid) ?? last
  }, 10)
  const code = await new Promise<number | null>((resolve, reject) => child.on('error', reject).on('exit', resolve))
  const wallMs = performance.now() - began
  clearInterval(timer)
  if (!codes.includes(code ?? -1)) throw new Error(`\`${name}\` ended with ${code}:\n${said}`)
  return {wallMs, ...last}
}

function accountOf(pid: number | undefined): {peakBytes: number; cpuMs: number} | null {
  try {
    const peak = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /, '')
      .split(' ')
    // user and system time, in hundredths of a second.
    return peak === undefined ? null : {peakBytes: Number(peak) * 1024, cpuMs: (Number(fields[11]) + Number(fields[12])) * 10}
  } catch {
    return null
  }
}

/** Runs all in turn, that many rounds after one that warms caches: so a busy machine is busy for all of them. */
export async function rounds<Name extends string>(
  contenders: Record<Name, Contender>,
  count: number,
  say: (line: string) => void = () => {},
): Promise<Record<Name, Measure>[]> {
  const names = Object.keys(contenders) as Name[]
  const results: Record<Name, Measure>[] = []
  for (let round = 0; round <= count; round++) {
    const measured = {} as Record<Name, Measure>
    for (const name of names) measured[name] = await measure(contenders[name])
    say(`${round === 0 ? 'warm-up' : round}: ${names.map((name) => `${name} ${told(measured[name])}`).join(', ')}`)
    if (round > 0) results.push(measured)
  }
  return results
}

function told({wallMs, cpuMs, peakBytes}: Measure): string {
  return `${(wallMs / 1000).toFixed(2)} s (CPU ${(cpuMs / 1000).toFixed(2)} s) ${(peakBytes / 1e6).toFixed(0)} MB`
}

/** Median with the extremes. */
export interface Spread {
  median: number
  least: number
  most: number
}

/** Of any numbers, at least one. */
export function spread(numbers: number[]): Spread {
  const sorted = numbers.toSorted((a, b) => a - b)
  const at = (index: number) => sorted[index] ?? Number.NaN
  const half = Math.floor(sorted.length / 2)
  return {median: sorted.length % 2 === 1 ? at(half) : (at(half - 1) + at(half)) / 2, least: at(0), most: at(sorted.length - 1)}
}
