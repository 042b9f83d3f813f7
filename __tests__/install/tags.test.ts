import {tagFrom, tagProblems} from '../../src/install/tag-problems.ts'
import {applyTags, renderTags} from '../../src/install/tags.ts'
import type {Found} from '../../src/install/found.ts'
import type {KubeObject} from '../../src/io/io.ts'
import {type FakeIo, fakeIo, refusal} from '../helpers/fake-io.ts'

const rendered = (tag: string, revision: string) => `
apiVersion: v1
kind: ServiceAccount
metadata: {name: istiod}
---
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingWebhookConfiguration
metadata:
  name: istio-revision-tag-${tag}
  labels: {istio.io/tag: ${tag}, istio.io/rev: ${revision}, app: sidecar-injector, release: istiod, app.kubernetes.io/managed-by: Helm, app.kubernetes.io/instance: istiod}
webhooks: [{name: rev.namespace.sidecar-injector.istio.io}]
---
# an empty document
`
const helm = {path: '/helm', version: 'v4.2.4', env: {}}
const istiod = {release: 'istiod-canary', chartPath: '/charts/istiod.tgz', values: {ours: 'revision: canary', users: '', canonical: ''}}
const render = (io: FakeIo, tags = ['prod']) => renderTags(tags, istiod, helm, io)
const template = (stdout: string, code = 0) => fakeIo({shell: () => ({code, stdout, stderr: code === 0 ? '' : 'Error: no such chart'})})

test('the objects of a tag come out of the chart, under our name and tied to no release', async () => {
  const io = template(rendered('prod', 'canary'))
  const [only, ...others] = await render(io)
  expect(others).toEqual([])
  expect(only?.metadata.labels).toEqual({
    'istio.io/tag': 'prod',
    'istio.io/rev': 'canary',
    app: 'sidecar-injector',
    'app.kubernetes.io/managed-by': 'istio-mtls-action',
  })
  const files = io.commands[0]?.filter((_, at, all) => all[at - 1] === '--values') ?? []
  expect(files.map((file) => Buffer.from(io.disk.get(file) ?? '').toString())).toEqual(['revision: canary', 'revisionTags:\n  - prod\n'])
})

test.each([
  ['the chart makes none', rendered('other', 'canary'), 0],
  ['helm fails', '', 1],
])('a tag without a webhook is an error: %s', async (_, stdout, code) => {
  await expect(render(template(stdout, code))).rejects.toMatchObject({entry: 'tag-refused', message: expect.stringContaining('`prod`')})
})

test('without tags helm is not asked', async () => {
  const io = template('')
  expect(await render(io, [])).toEqual([])
  expect(io.commands).toEqual([])
})

const path = '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/istio-revision-tag-prod'
const [object] = await render(template(rendered('prod', 'canary')))
const tag = object as KubeObject
/** A cluster in which istiod writes its certificate after so many looks. */
const cluster = (there: object | null, looks: number) => {
  let seen = 0
  const live = () => ({...tag, webhooks: [{name: 'w', clientConfig: seen++ >= looks ? {caBundle: 'x'} : {}}]})
  let applied: object | null = there
  return fakeIo({
    kube: {
      [`GET ${path}`]: () => (applied === null ? refusal(404, 'not found') : {...live(), ...applied}),
      [`APPLY ${path}`]: (body: unknown) => {
        applied = {metadata: (body as KubeObject).metadata}
        return body
      },
    },
  })
}

test('a tag is applied, then its webhook waited for, and the next time left alone', async () => {
  const io = cluster(null, 3)
  expect(await applyTags([tag], 60_000, io.kube, io)).toEqual({changed: ['prod']})
  expect(io.clock.ticks()).toBeGreaterThan(0)
  expect(await applyTags([tag], 60_000, io.kube, io)).toEqual({changed: []})
  expect(io.requests.filter(({method}) => method === 'APPLY')).toHaveLength(1)
  expect(io.changes.begun()).toBe(1)
})

test('a tag that someone pointed elsewhere since is pointed back', async () => {
  const io = cluster(null, 0)
  await applyTags([tag], 60_000, io.kube, io)
  const moved = cluster({metadata: {...tag.metadata, labels: {...tag.metadata.labels, 'istio.io/rev': 'other'}}}, 0)
  expect(await applyTags([tag], 60_000, moved.kube, moved)).toEqual({changed: ['prod']})
})

test('a webhook without a certificate is an error, not a tag that refuses every pod', async () => {
  const io = cluster(null, 1e9)
  await expect(applyTags([tag], 5000, io.kube, io)).rejects.toMatchObject({
    entry: 'tag-refused',
    message: expect.stringContaining('within 5 s'),
  })
})

test('a conflict is never forced', async () => {
  const io = fakeIo({kube: {[`APPLY ${path}`]: refusal(409, 'conflict with "istioctl"')}})
  await expect(applyTags([tag], 5000, io.kube, io)).rejects.toMatchObject({
    entry: 'tag-refused',
    cure: expect.stringContaining('istioctl tag remove'),
  })
})

const found = (...revisions: string[]) => ({istiods: revisions.map((revision) => ({revision}))}) as unknown as Found
const there = (labels: Record<string, string>) => [
  tagFrom({apiVersion: '', kind: '', metadata: {name: 'x', labels: {'istio.io/tag': 'prod', 'istio.io/rev': 'old', ...labels}}}),
]
const wish = {tags: ['prod'], revision: 'canary', install: 'auto' as const}

test.each<[string, Partial<typeof wish> | {install: 'never'}, string[], ReturnType<typeof there>, RegExp | null]>([
  ['a new tag', {}, [], [], null],
  ['our own', {}, [], there({'app.kubernetes.io/managed-by': 'istio-mtls-action'}), null],
  ["one of istioctl's", {}, [], there({}), /The tag `prod` is here already, points at `old`, and belongs to someone who left no mark/],
  ['the revision itself', {tags: ['canary']}, [], [], /`canary`, which is a revision itself/],
  ['another revision', {tags: ['old']}, ['old'], [], /`old`, which is a revision itself/],
  ['`default` for the revision without a name', {tags: ['default'], revision: ''}, [], [], /a revision itself/],
  [
    '`default` beside an istiod without a revision',
    {tags: ['default']},
    ['default'],
    [],
    /`istio-injection: enabled`, which the istiod without a revision serves already/,
  ],
  ['`default` once that istiod is gone', {tags: ['default']}, ['canary'], [], null],
  ['what can be no tag', {tags: ['Prod!']}, [], [], /can be no tag/],
  ['without an install', {install: 'never'}, [], [], /`install` is `never`/],
])('tags: %s', (_, changes, revisions, present, says) => {
  const problems = tagProblems({...wish, ...changes}, found(...revisions), present)
  expect(problems.map(({entry}) => entry)).toEqual(says === null ? [] : ['tag-refused'])
  if (says) expect(problems[0]?.says).toMatch(says)
})
