import type {Report} from '../model/report.ts'
import {rankedFindings} from './findings.ts'
import {languageOf} from './findings-section.ts'
import {type Block, fence, heading, paragraph, prose, strong, text} from './markdown.ts'
import {worstFirst} from './reason.ts'

/** One thing to do next, with the command to type; '' where words suffice. */
export interface NextStep {
  says: string
  command: string
}

/** At most three, in the order they help; none when all is well. Names that a shell could misread never reach a command. */
export function nextSteps(report: Report): NextStep[] {
  if (report.verdict.status === 'pass') return []
  return [...afterFailure(report), ...lookAtPolicy(report), ...applyFix(report), ...judgeAgain(report)].slice(0, 3)
}

/** The steps as the summary shows them. */
export function nextStepsSection(report: Report): Block[] {
  const steps = nextSteps(report)
  if (steps.length === 0) return []
  const blocks = steps.flatMap(({says, command}, at) => [
    paragraph(strong(text(`${at + 1}.`)), text(' '), ...prose(says)),
    ...(command === '' ? [] : [fence('sh', command)]),
  ])
  return [heading(3, text('Next')), ...blocks]
}

function afterFailure({stages}: Report): NextStep[] {
  const stage = stages.find(({status, cure}) => status === 'failed' && cure !== '')
  return stage === undefined ? [] : [{says: stage.cure, command: ''}]
}

function lookAtPolicy({endpoints}: Report): NextStep[] {
  const policy = worstFirst(endpoints)[0]?.decidedBy
  if (policy?.namespace === undefined || policy.file !== undefined) return []
  if (!safeName.test(policy.name) || !safeName.test(policy.namespace)) return []
  return [
    {
      says: 'See the policy that decides, and who wrote it:',
      command: `kubectl -n ${policy.namespace} get ${policy.kind.toLowerCase()} ${policy.name} -o yaml --show-managed-fields`,
    },
  ]
}

function applyFix(report: Report): NextStep[] {
  const first = rankedFindings(report).find(({finding}) => finding.fix !== '' && languageOf(finding.fix) === 'yaml')
  if (first === undefined) return []
  return [
    {
      says: `Save the manifest under ${first.result.code} as \`fix.yaml\`, see what it would change, then apply it:`,
      command: 'kubectl diff -f fix.yaml; kubectl apply -f fix.yaml',
    },
  ]
}

function judgeAgain({mode, stages}: Report): NextStep[] {
  if (mode !== 'enforce' || stages.some(({status}) => status === 'failed')) return []
  return [{says: 'Then run again: with `mode: validate` the action only reads and judges.', command: ''}]
}

/** RFC 1123, what Kubernetes itself allows in names. */
const safeName = /^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/
