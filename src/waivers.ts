import type {Io} from './io/io.ts'
import type {RunContext} from './model/context.ts'
import {Failure, messageOf} from './model/failure.ts'
import type {Inputs} from './model/inputs.ts'
import {type LedgerEntry, ledgerFrom} from './report/ledger.ts'

/** The waivers that count, and those that the judged pull request itself adds. */
export interface Ledgers {
  ledger: LedgerEntry[]
  pending: LedgerEntry[]
}

/**
 * Reads the waiver ledger from the workspace; on a pull request the base commit's counts and what the workspace adds is pending, so that
 * nobody waives their own change. Where the base cannot be read, nothing counts. Throws a `Failure` for a ledger that is wrong.
 */
export async function readWaivers(inputs: Inputs, context: RunContext, io: Io): Promise<Ledgers> {
  const path = inputs.waivers || defaultPath
  const here = await ledgerHere(path, inputs.waivers !== '', io)
  if (!judgesProposal(context)) return {ledger: here, pending: []}
  if (context.baseSha === '') {
    if (here.length > 0) io.log.annotate('notice', 'The event names no base commit, so no waiver counts: a change must not waive itself.')
    return {ledger: [], pending: here}
  }
  const ledger = here.length === 0 && inputs.waivers === '' ? [] : await ledgerOfBase(path, inputs, context, io)
  const known = new Set(ledger.map(textOf))
  return {ledger, pending: here.filter((entry) => !known.has(textOf(entry)))}
}

/** Does this run judge a change that is not merged yet, as far as anybody can tell? A torn event is no way around it. */
export function judgesProposal({eventName, pullRequest, baseSha}: Pick<RunContext, 'eventName' | 'pullRequest' | 'baseSha'>): boolean {
  return pullRequest !== null || baseSha !== '' || /^(pull_request|merge_group|workflow_run)/.test(eventName)
}

const defaultPath = '.github/mtls-waivers.yaml'

async function ledgerHere(path: string, asked: boolean, io: Io): Promise<LedgerEntry[]> {
  const file = path.startsWith('/') ? path : `${io.runner.workspace}/${path}`
  if (await io.files.exists(file)) return ledgerFrom(await io.files.readText(file), path)
  if (!asked) return []
  throw new Failure(`\`waivers\` names \`${path}\`, which does not exist.`, {
    cure: 'Check the path, and that an earlier step checked the repository out.',
    entry: 'waivers',
  })
}

async function ledgerOfBase(path: string, inputs: Inputs, context: RunContext, io: Io): Promise<LedgerEntry[]> {
  try {
    const text = path.startsWith('/') ? null : ((await io.github(inputs.githubToken)?.file(context.repo, path, context.baseSha)) ?? null)
    return text === null ? [] : ledgerFrom(text, path)
  } catch (thrown) {
    if (thrown instanceof Failure) throw thrown
    io.log.annotate(
      'notice',
      `The waivers of the base commit could not be read, so none counts (permission \`contents: read\`): ${messageOf(thrown)}`,
    )
    return []
  }
}

function textOf({line: _, ...entry}: LedgerEntry): string {
  return JSON.stringify(entry)
}
