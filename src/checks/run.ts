import type {Check, CheckResult, Finding, PartialFinding, Severity} from '../model/check.ts'
import {messageOf} from '../model/failure.ts'
import {refText} from '../model/ref.ts'
import type {Parts, Snapshot} from '../model/snapshot.ts'
import {missedText, withheldText} from './delivery-role.ts'

export interface RunOptions {
  /** Codes left out: `M301` or the whole slug, in any case. */
  ignore: string[]
  /** Folder or URL of the docs pages, without a trailing slash. */
  docsBase?: string
}

/** One result per check, in the order given. Never throws: a check that throws or lacks a needed part is `unknown`, never green. */
export function runChecks(checks: readonly Check[], snapshot: Snapshot, options: RunOptions): CheckResult[] {
  const ignored = new Set(options.ignore.map((code) => code.trim().toLowerCase()))
  const docsBase = options.docsBase ?? 'docs/checks'
  return checks.map((check) => {
    const answer = ignored.has(check.code.toLowerCase()) || ignored.has(check.slug) ? skipped('left out by `ignore`') : ask(check, snapshot)
    const failed = answer.status === 'fail'
    return {
      code: check.code,
      slug: check.slug,
      status: answer.status,
      severity: failed ? worst(answer.findings) : check.severity,
      title: failed ? check.failure : check.title,
      why: check.why,
      docs: `${docsBase}/${check.slug}.md`,
      reason: answer.reason,
      findings: answer.findings,
    }
  })
}

type Answer = Pick<CheckResult, 'status' | 'reason' | 'findings'>

function ask(check: Check, snapshot: Snapshot): Answer {
  try {
    const skip = check.skip?.(snapshot.asked) ?? withheldText(check, snapshot)
    if (skip !== null) return skipped(skip)
    const needed: Partial<Record<keyof Parts, unknown>> = {}
    const unread = new Map<string, string[]>()
    for (const name of check.needs) {
      const part = snapshot[name]
      if (part.read) needed[name] = part.value
      else unread.set(part.reason, [...(unread.get(part.reason) ?? []), name])
    }
    if (unread.size > 0) return {status: 'unknown', reason: unreadText(unread), findings: []}
    const used = Object.fromEntries((check.uses ?? []).map((name) => [name, snapshot[name]]))
    const found = check.run(needed as never, {asked: snapshot.asked, now: Date.parse(snapshot.takenAt)}, used as never)
    const findings = found.map((partial) => filled(check, partial)).sort(bySeverityThenSubject)
    const missed = findings.length > 0 ? '' : missedText(check, snapshot)
    if (missed !== '') return {status: 'unknown', reason: missed, findings}
    return {status: findings.length > 0 ? 'fail' : 'pass', reason: '', findings}
  } catch (thrown) {
    return {status: 'unknown', reason: `the check itself failed: ${messageOf(thrown)}`, findings: []}
  }
}

/** `not read: pods, services: 403`: each reason once. */
function unreadText(unread: Map<string, string[]>): string {
  return `not read: ${[...unread].map(([reason, names]) => `${names.join(', ')}: ${reason}`).join('; ')}`
}

function skipped(reason: string): Answer {
  return {status: 'skipped', reason, findings: []}
}

function filled(check: Check, partial: PartialFinding): Finding {
  const {subject, message, hint = check.hint, fix = '', severity = check.severity, endpoints = []} = partial
  return {subject, message, hint, fix, severity, endpoints}
}

function bySeverityThenSubject(left: Finding, right: Finding): number {
  const byText = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)
  return (
    order.indexOf(left.severity) - order.indexOf(right.severity) ||
    byText(refText(left.subject), refText(right.subject)) ||
    byText(left.message, right.message)
  )
}

function worst(findings: Finding[]): Severity {
  return findings[0]?.severity ?? 'info'
}

const order: readonly Severity[] = ['error', 'warning', 'info']
