import type {Io} from './io/io.ts'
import type {RunContext} from './model/context.ts'
import type {Endpoint} from './model/endpoint.ts'
import {messageOf} from './model/failure.ts'
import type {Inputs} from './model/inputs.ts'
import {type Ref, refText} from './model/ref.ts'
import type {Waiver} from './model/report.ts'
import type {Snapshot} from './model/snapshot.ts'
import {decidesText, waivedInManifest} from './observe/manifests-waived.ts'
import {type AnnotationWaiver, annotationWaivers, malformed, waiveAnnotation} from './report/annotation-waivers.ts'
import type {LedgerEntry} from './report/ledger.ts'
import {judgesProposal} from './waivers.ts'

/** The waivers that objects carry: those that count, those that an unmerged change may have brought, those that are wrong, and what to note. */
export interface Annotated {
  ledger: LedgerEntry[]
  pending: LedgerEntry[]
  wrong: Waiver[]
  notes: string[]
}

/** Where a run takes place, as far as it says whether an unmerged change is judged. */
export type Place = Pick<RunContext, 'eventName' | 'pullRequest' | 'baseSha' | 'repo'>

/**
 * Takes the annotations of a snapshot for what they are worth: nothing unless `waiver-annotations` is set, and on a pull request only those
 * that the base commit has, word for word, on the same object of the same file. Who wrote what a live cluster holds cannot be told, so there
 * they are pending.
 */
export async function readAnnotations(inputs: Inputs, snapshot: Snapshot, rows: Endpoint[], place: Place, io: Io): Promise<Annotated> {
  const found = annotationWaivers(snapshot, rows)
  if (!inputs.waiverAnnotations) return {ledger: [], pending: [], wrong: [], notes: found.length === 0 ? [] : [ignoredNote(found)]}
  const known = judgesProposal(place) ? await knownToBase(found, snapshot, inputs, place, io) : new Set(found)
  const entries = (wanted: boolean) => found.filter((one) => known.has(one) === wanted).flatMap((one) => one.entries)
  return {ledger: entries(true), pending: entries(false), wrong: found.filter(({mistake}) => mistake !== '').map(malformed), notes: []}
}

function ignoredNote(found: AnnotationWaiver[]): string {
  const objects = [...new Set(found.map(({by}) => `\`${refText(by).replaceAll('`', "'")}\``))]
  const more = objects.length > 5 ? ` and ${objects.length - 5} more` : ''
  const many = found.length === 1 ? 'waiver stands' : 'waivers stand'
  return `${found.length} ${many} as annotation \`${waiveAnnotation}\` on objects and count for nothing, because \`waiver-annotations\` is off: ${objects.slice(0, 5).join(', ')}${more}.`
}

async function knownToBase(
  found: AnnotationWaiver[],
  {policies}: Snapshot,
  inputs: Inputs,
  {repo, baseSha}: Place,
  io: Io,
): Promise<Set<AnnotationWaiver>> {
  const known = new Set<AnnotationWaiver>()
  // A waiver on a policy excuses what the policy decides: widened, it is another waiver.
  const decides = ({kind, namespace, name}: Ref) => {
    const own =
      kind === 'PeerAuthentication' && policies.read
        ? policies.value.find((each) => each.namespace === namespace && each.name === name)
        : undefined
    return own === undefined ? '' : decidesText(own)
  }
  const github = io.github(inputs.githubToken)
  if (github === null || baseSha === '' || repo === '') return known
  const files = Map.groupBy(
    found.filter(({by}) => by.file !== undefined),
    ({by}) => inRepository(by, io.runner.workspace),
  )
  for (const [path, ours] of files) {
    if (path === '') continue
    try {
      const text = await github.file(repo, path, baseSha)
      const before = text === null ? new Set<string>() : waivedInManifest(text, path, waiveAnnotation)
      for (const one of ours) if (before.has(`${nameOf(one.by)}\n${one.said}${decides(one.by)}`)) known.add(one)
    } catch (thrown) {
      io.log.annotate(
        'notice',
        `The waivers of \`${path}\` at the base commit could not be read, so none of them counts: ${messageOf(thrown)}`,
      )
    }
  }
  return known
}

function nameOf({kind, namespace = '', name}: Ref): string {
  return `${kind} ${namespace}/${name}`
}

/** The path from the root of the checkout; '' for a file outside of it, which no commit holds. */
function inRepository({file = ''}: Ref, workspace: string): string {
  const root = `${workspace.replace(/\/+$/, '')}/`
  const inside = file.startsWith(root) ? file.slice(root.length) : file
  return inside.startsWith('/') || inside.split('/').includes('..') ? '' : inside.replace(/^(\.\/)+/, '')
}
