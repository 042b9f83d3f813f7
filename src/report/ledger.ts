import {isMap, isScalar, isSeq, LineCounter, parseDocument, type YAMLMap} from 'yaml'
import {Failure} from '../model/failure.ts'
import type {Waiver} from '../model/report.ts'

/** A waiver as the ledger writes it; what becomes of it is decided against a run's findings. */
export type LedgerEntry = Omit<Waiver, 'status' | 'covers'>

/**
 * Reads a waiver ledger: `waivers:` with a list whose entries all give code, namespace, workload, port, reason, owner and expires.
 * Throws one `Failure` that lists every mistake with its line; an empty text holds no waiver.
 */
export function ledgerFrom(text: string, file: string): LedgerEntry[] {
  const lines = new LineCounter()
  const document = parseDocument(text, {lineCounter: lines})
  const [torn] = document.errors
  if (torn !== undefined) throw broken(file, [`line ${lines.linePos(torn.pos[0]).line}: ${torn.message.split('\n')[0]}`])
  if (document.contents === null) return []
  const list = isMap(document.contents) ? document.contents.get('waivers') : null
  if (!isSeq(list)) throw broken(file, ['line 1: write a list under `waivers:`'])

  const problems: string[] = []
  const entries = list.items.map((item) => {
    const line = lines.linePos((item as {range?: [number, number, number]}).range?.[0] ?? 0).line
    if (isMap(item)) return entryFrom(item, {file, line}, problems)
    problems.push(`line ${line}: a waiver is a mapping with ${fields.join(', ')}`)
    return null
  })
  if (problems.length > 0) throw broken(file, problems)
  return entries.filter((entry) => entry !== null)
}

const fields = ['code', 'namespace', 'workload', 'port', 'reason', 'owner', 'expires'] as const

function entryFrom(item: YAMLMap, {file, line}: {file: string; line: number}, problems: string[]): LedgerEntry {
  const text = (name: string) => {
    const value = item.get(name, true)
    return isScalar(value) && value.value !== null ? String(value.source ?? value.value).trim() : ''
  }
  const missing = fields.filter((name) => text(name) === '')
  if (missing.length > 0)
    problems.push(`line ${line}: ${missing.map((name) => `\`${name}\``).join(', ')} missing; every field is mandatory`)
  const unknown = item.items.map(({key}) => String(key)).filter((name) => !fields.some((known) => known === name))
  if (unknown.length > 0)
    problems.push(`line ${line}: ${unknown.map((name) => `\`${name}\``).join(', ')} unknown; a waiver has ${fields.join(', ')}`)
  const [code, port, expires] = [text('code').toUpperCase(), text('port'), text('expires')]
  if (code !== '' && !/^M\d{3}$/.test(code)) problems.push(`line ${line}: \`code\` is \`${code}\`: write a check's code such as \`M303\``)
  if (port !== '' && port !== '*' && !isPort(port))
    problems.push(`line ${line}: \`port\` is \`${port}\`: write a number, or \`*\` for every port of the workload`)
  if (expires !== '' && !isDay(expires)) problems.push(`line ${line}: \`expires\` is \`${expires}\`: write a day such as \`2027-01-31\``)
  return {
    code,
    namespace: text('namespace'),
    workload: text('workload'),
    port: isPort(port) ? Number(port) : null,
    reason: text('reason'),
    owner: text('owner'),
    expires,
    file,
    line,
  }
}

/** Is it a network port in digits? */
export function isPort(text: string): boolean {
  return /^\d+$/.test(text) && Number(text) >= 1 && Number(text) <= 65_535
}

/** Is it a day of the calendar, as `2027-01-31`? */
export function isDay(text: string): boolean {
  const moment = /^\d{4}-\d\d-\d\d$/.test(text) ? new Date(`${text}T00:00:00Z`) : null
  return moment !== null && !Number.isNaN(moment.getTime()) && moment.toISOString().startsWith(text)
}

function broken(file: string, problems: string[]): Failure {
  return new Failure(`The waiver ledger \`${file}\` is wrong:\n${problems.map((each) => `- ${each}`).join('\n')}`, {
    cure: 'Correct the file; docs/waivers.md shows one. A ledger that cannot be read waives nothing, so the run stops.',
    entry: 'waivers',
  })
}
