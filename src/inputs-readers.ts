import {nearest} from './derive/nearest.ts'
import {type InputName, type InputSpec, inputTable} from './inputs-table.ts'

/** Reads single inputs of the runner's `INPUT_*` environment; what is wrong is added to `problems` and answered with a harmless value. */
export interface InputReaders {
  /** What the workflow wrote, '' when nothing. */
  given(name: InputName): string
  /** What the workflow wrote, else the constant default of action.yml. */
  text(name: InputName): string
  choice<T extends string>(name: InputName, fallback: T): T
  flag(name: InputName, fallback?: boolean): boolean
  number(name: InputName, low: number, high: number): number
  /** Milliseconds. */
  duration(name: InputName): number
  matching(name: InputName, pattern: RegExp, example: string): string
  /** Entries separated by newlines or commas. */
  list(name: InputName): string[]
}

/** The readers of one run's inputs; every mistake lands in `problems`, none is thrown. */
export function inputReaders(env: Record<string, string>, problems: string[]): InputReaders {
  const given = (name: InputName) => (env[envName(name)] ?? '').trim()
  const text = (name: InputName) => given(name) || specOf(name).default
  return {
    given,
    text,
    choice<T extends string>(name: InputName, fallback: T): T {
      const {choices = []} = specOf(name)
      const value = text(name)
      if (value === '') return fallback
      const known = choices.find((each) => each.toLowerCase() === value.toLowerCase())
      if (known !== undefined) return known as T
      problems.push(`\`${name}\` is \`${value}\`: use ${orList(choices)}${hintOf(value, choices)}`)
      return fallback
    },
    flag(name, fallback = false) {
      const value = text(name)
      if (value === '') return fallback
      if (/^(true|false)$/i.test(value)) return value.toLowerCase() === 'true'
      problems.push(`\`${name}\` is \`${value}\`: use \`true\` or \`false\``)
      return fallback
    },
    number(name, low, high) {
      const value = Number(text(name))
      if (Number.isFinite(value) && value >= low && value <= high) return value
      problems.push(`\`${name}\` is \`${text(name)}\`: use a number from ${low} to ${high}`)
      return low
    },
    duration(name) {
      const ms = millisecondsFrom(text(name))
      if (ms !== null && ms > 0) return ms
      problems.push(`\`${name}\` is \`${text(name)}\`: use a duration such as \`90s\`, \`5m\` or \`1h30m\``)
      return 0
    },
    matching(name, pattern, example) {
      const value = text(name)
      if (value !== '' && !pattern.test(value)) problems.push(`\`${name}\` is \`${value}\`: write it like ${example}`)
      return value
    },
    list(name) {
      const entries = listOf(text(name))
      if (given(name) !== '' && entries.length === 0)
        problems.push(`\`${name}\` is \`${given(name)}\`, which names nothing: fill it or leave it out`)
      return entries
    },
  }
}

/** `1h30m`, `90s`, `500ms` → milliseconds; null for anything else (Go's unit names, whole or decimal). */
export function millisecondsFrom(text: string): number | null {
  if (!/^(\d+(\.\d+)?(ms|s|m|h))+$/.test(text)) return null
  let total = 0
  for (const [, amount, , unit] of text.matchAll(/(\d+(\.\d+)?)(ms|s|m|h)/g)) total += Number(amount) * (unitMs[unit ?? ''] ?? 0)
  return total
}

const unitMs: Record<string, number> = {ms: 1, s: 1000, m: 60_000, h: 3_600_000}

/** The variable in which the runner hands over an input. */
export function envName(name: string): string {
  return `INPUT_${name.replace(/ /g, '_').toUpperCase()}`
}

/** `; did you mean …?`, or '' when nothing known is near. */
export function hintOf(value: string, choices: readonly string[]): string {
  const close = nearest(value, choices)
  return close === null ? '' : `; did you mean \`${close}\`?`
}

function specOf(name: InputName): InputSpec {
  return inputTable.find((each) => each.name === name) as InputSpec
}

function listOf(text: string): string[] {
  return text
    .split(/[\n,]/)
    .map((each) => each.trim())
    .filter((each) => each !== '')
}

function orList(choices: readonly string[]): string {
  const names = choices.map((each) => `\`${each}\``)
  return names.length < 3 ? names.join(' or ') : `${names.slice(0, -1).join(', ')} or ${names.at(-1)}`
}
