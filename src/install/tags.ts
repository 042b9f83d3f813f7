import {parseAllDocuments, stringify} from 'yaml'
import type {Io, Kube, KubeObject} from '../io/io.ts'
import {Failure, KubeFailure} from '../model/failure.ts'
import {istioNamespace} from './found.ts'
import type {HelmProgram} from './helm-child.ts'
import type {Values} from './values.ts'

/**
 * The objects of revision tags as the istiod chart renders them from `revisionTags` (templates/revision-tags-*.yaml), under our own name.
 * They stay out of the release, as Istio's documentation has it, for a tag outlives the revision that it points at.
 */
export async function renderTags(
  tags: string[],
  istiod: {release: string; chartPath: string; values: Values},
  helm: HelmProgram,
  io: Pick<Io, 'shell' | 'files'>,
): Promise<KubeObject[]> {
  if (tags.length === 0) return []
  const folder = await io.files.makeTempFolder('tags-')
  const layers = [istiod.values.ours, istiod.values.users, stringify({revisionTags: tags})].filter((text) => text !== '')
  const files = layers.map((_, at) => `${folder}/${at}.yaml`)
  for (const [at, text] of layers.entries()) await io.files.writePrivate(files[at] as string, text)
  const args = ['template', istiod.release, istiod.chartPath, '--namespace', istioNamespace, ...files.flatMap((file) => ['--values', file])]
  const {code, stdout, stderr} = await io.shell.output(helm.path, args, {env: helm.env})
  const objects = code === 0 ? parseAllDocuments(stdout).map((document) => document.toJS() as KubeObject | null) : []
  const ofTags = objects.filter((object): object is KubeObject => tags.includes(object?.metadata?.labels?.[tagLabel] ?? ''))
  const missing = tags.filter((tag) => !ofTags.some((object) => isWebhook(object) && object.metadata.labels?.[tagLabel] === tag))
  if (missing.length > 0) {
    throw new Failure(
      `The istiod chart makes no webhook for the tags \`${missing.join('`, `')}\`: ${stderr.trim().split('\n').at(-1) ?? ''}`,
      {
        cure: 'Take the tags out of `tags`, or use a chart that knows `revisionTags` (Istio 1.10 and newer).',
        entry: 'tag-refused',
      },
    )
  }
  return ofTags.map(asOurs)
}

/** Points the tags at their revision and waits until their webhooks can be called; says which were changed. Throws a `Failure` on a conflict. */
export async function applyTags(objects: KubeObject[], timeoutMs: number, kube: Kube, io: Outside): Promise<{changed: string[]}> {
  const changed = new Set<string>()
  for (const object of objects) {
    const digest = io.files.sha256(Buffer.from(JSON.stringify(object)))
    const path = pathOf(object)
    const there = await kube.find(path)
    if (
      there?.metadata.annotations?.[renderedAs] === digest &&
      there.metadata.labels?.['istio.io/rev'] === object.metadata.labels?.['istio.io/rev']
    )
      continue
    io.cancelled.throwIfAborted()
    io.changes.begin()
    const marked = {...object, metadata: {...object.metadata, annotations: {...object.metadata.annotations, [renderedAs]: digest}}}
    await kube.apply(path, marked, {fieldManager: 'istio-mtls-action'}).catch((thrown) => explain(thrown, object))
    changed.add(object.metadata.labels?.[tagLabel] ?? '')
  }
  for (const object of objects.filter(isWebhook)) await awaitBundle(pathOf(object), timeoutMs, kube, io)
  return {changed: [...changed]}
}

/** Label by which Istio knows the objects of a tag. */
export const tagLabel = 'istio.io/tag'

type Outside = Pick<Io, 'files' | 'clock' | 'log' | 'cancelled' | 'changes'>

/** SHA-256 of what was applied: an unchanged tag is left alone. */
const renderedAs = 'istio-mtls/rendered-sha256'

function isWebhook({kind}: KubeObject): boolean {
  return kind === 'MutatingWebhookConfiguration'
}

/** The chart's labels speak of helm and of one release, which would be the owner of something it does not know. */
function asOurs(object: KubeObject): KubeObject {
  const {
    release: _,
    'app.kubernetes.io/instance': __,
    'helm.sh/chart': ___,
    'app.kubernetes.io/version': ____,
    ...labels
  } = object.metadata.labels ?? {}
  return {...object, metadata: {...object.metadata, labels: {...labels, 'app.kubernetes.io/managed-by': 'istio-mtls-action'}}}
}

function pathOf({kind, metadata}: KubeObject): string {
  if (kind === 'MutatingWebhookConfiguration') return `/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/${metadata.name}`
  return `/api/v1/namespaces/${metadata.namespace ?? istioNamespace}/services/${metadata.name}`
}

/** istiod writes its certificate into the webhooks of its tags; before that the API server trusts none, and refuses every pod they select. */
async function awaitBundle(path: string, timeoutMs: number, kube: Kube, io: Outside): Promise<void> {
  const began = io.clock.ticks()
  for (;;) {
    const {webhooks = []} = (await kube.get(path)) as unknown as {webhooks?: {clientConfig?: {caBundle?: string; url?: string}}[]}
    if (webhooks.every(({clientConfig}) => clientConfig?.caBundle || clientConfig?.url)) return
    if (io.clock.ticks() - began >= timeoutMs) {
      throw new Failure(
        `istiod did not write its certificate into the webhook \`${path.split('/').at(-1)}\` within ${Math.round(timeoutMs / 1000)} s.`,
        {
          cure: 'Look into the log of istiod: until it does, pods of the namespaces with this tag are refused.',
          entry: 'tag-refused',
        },
      )
    }
    await io.clock.sleep(500, io.cancelled)
  }
}

function explain(thrown: unknown, {kind, metadata}: KubeObject): never {
  if (!(thrown instanceof KubeFailure)) throw thrown
  throw new Failure(`${kind} \`${metadata.name}\` of tag \`${metadata.labels?.[tagLabel]}\` could not be written: ${thrown.message}`, {
    cure:
      thrown.status === 409
        ? 'Someone else keeps this tag: remove it there (`istioctl tag remove`, or `revisionTags` of the chart) or choose another name; nothing is forced.'
        : 'Grant the role `enforce` of docs/permissions.md to the account of this kubeconfig.',
    entry: thrown.status === 403 ? 'permission' : 'tag-refused',
  })
}
