import type {CheckResult, Severity} from '../model/check.ts'
import type {Report} from '../model/report.ts'
import {unlinked} from './foreign.ts'
import {link, paragraph, prose, render, strong, text} from './markdown.ts'

/** The rule of the verdict itself: its alert is open exactly while the verdict is not `pass`. */
export const verdictRule = 'MTLS'

/** A severity as SARIF's level (section 3.27.10). */
export const levelOf = {error: 'error', warning: 'warning', info: 'note'} as const satisfies Record<Severity, string>

/** A rule of SARIF's section 3.49, with what GitHub shows beside an alert. */
export interface SarifRule {
  id: string
  name: string
  shortDescription: {text: string}
  fullDescription: {text: string}
  help: {text: string; markdown: string}
  helpUri?: string
  defaultConfiguration: {level: 'error' | 'warning' | 'note'}
  properties: {tags: string[]; precision: string; 'problem.severity': string}
}

/** One rule for the verdict and one for each check, whether it failed or not. */
export function sarifRules({results}: Pick<Report, 'results'>): SarifRule[] {
  const checks = new Map(results.map((result) => [result.code, result]))
  return [verdict, ...[...checks.values()].map(topicOf)].map(ruleOf)
}

interface Topic extends Pick<CheckResult, 'code' | 'slug' | 'title' | 'why' | 'docs' | 'severity'> {
  hint: string
}

const verdict: Topic = {
  code: verdictRule,
  slug: 'mutual-tls',
  severity: 'error',
  title: 'Mutual TLS is not shown to be in force',
  why: 'A port accepts plain text, a check found a fault, or something that counts could not be read. What could not be seen is never green.',
  hint: 'See the other alerts of this tool and the job summary of the run.',
  docs: '',
}

function topicOf({code, slug, status, severity, title, why, docs, findings}: CheckResult): Topic {
  const [hint = '', ...others] = new Set(findings.map((finding) => finding.hint))
  // A rule speaks for all of its alerts; each message has its own hint besides.
  return {
    code,
    slug,
    severity,
    why,
    docs,
    title: status === 'unknown' ? `Not judged: ${title}` : title,
    hint: others.length === 0 ? hint : '',
  }
}

function ruleOf({code, slug, severity, title, why, hint, docs}: Topic): SarifRule {
  const address = /^https:\/\/[\w.:/%~+-]+$/.test(docs) ? docs : ''
  const said = [title, why, hint === '' ? '' : `Fix: ${hint}`].filter((each) => each !== '')
  return {
    id: code,
    name: slug.replace(/(?:^|-)(\w)/g, (_, letter: string) => letter.toUpperCase()),
    shortDescription: {text: unlinked(title)},
    fullDescription: {text: unlinked(why === '' ? title : why)},
    help: {
      text: [...said.map(unlinked), ...(address === '' ? [] : [address])].join('\n'),
      markdown: render([
        paragraph(strong(...prose(title))),
        ...(why === '' ? [] : [paragraph(...prose(why))]),
        ...(hint === '' ? [] : [paragraph(strong(text('Fix: ')), text(' '), ...prose(hint))]),
        ...(address === '' ? [] : [paragraph(link(address, text('What it means, and how to see it by hand')))]),
      ]),
    },
    ...(address === '' ? {} : {helpUri: address}),
    defaultConfiguration: {level: levelOf[severity]},
    properties: {tags: ['security', 'istio', 'mtls'], precision: 'very-high', 'problem.severity': problems[severity]},
  }
}

const problems: Record<Severity, string> = {error: 'error', warning: 'warning', info: 'recommendation'}
