import {followTags} from '../../src/canary/follow-tags.ts'
import type {CanaryWish} from '../../src/canary/plan.ts'
import {fakeIo} from '../helpers/fake-io.ts'

const wish: CanaryWish = {revision: 'canary', tags: ['prod'], enroll: true, namespaces: ['*'], excludeNamespaces: ['kube-*']}
const afterTags = 'istio-mtls/labels-after-tags'
const toProd = '{"istio.io/rev":"prod","istio-injection":null}'
const moved = {'istio.io/rev': 'canary'}

async function followed(name: string, labels: object, waits: string | null, more: Partial<CanaryWish> = {}) {
  const object = {metadata: {name, resourceVersion: '9', labels, annotations: waits === null ? {} : {[afterTags]: waits}}}
  const io = fakeIo({kube: {'GET /api/v1/namespaces': [object], [`GET /api/v1/namespaces/${name}`]: object}})
  const answer = await followTags({...wish, ...more}, 'canary', io.kube, io)
  return {answer, writes: io.requests.filter(({method}) => method === 'PATCH').map(({body}) => body)}
}

test('a namespace that an earlier, killed run had moved follows its tag again', async () => {
  const {answer, writes} = await followed('shop', moved, toProd)
  expect(answer).toEqual(['shop'])
  expect(writes).toEqual([
    {metadata: {resourceVersion: '9', labels: {'istio.io/rev': 'prod', 'istio-injection': null}, annotations: {[afterTags]: null}}},
  ])
})

test('one that somebody has labelled anew since keeps that, and waits no more', async () => {
  const {answer, writes} = await followed('shop', {'istio-injection': 'disabled'}, toProd)
  expect(answer).toEqual([])
  expect(writes).toEqual([{metadata: {resourceVersion: '9', labels: {}, annotations: {[afterTags]: null}}}])
})

test.each<[string, string, object, string | null, Partial<CanaryWish>]>([
  ['that waits for nothing', 'shop', moved, null, {}],
  ['that waits for a tag which this run does not move', 'shop', moved, toProd, {tags: ['next']}],
  ['outside the scope', 'kube-x', moved, toProd, {}],
  ['whose text asks for other labels', 'shop', moved, '{"pod-security.kubernetes.io/enforce":"privileged"}', {}],
  ['whose text is torn', 'shop', moved, '{"istio', {}],
])('a namespace %s is not touched', async (_, name, labels, waits, more) => {
  expect(await followed(name, labels, waits, more)).toEqual({answer: [], writes: []})
})

test('the tag `default` is that of istio-injection', async () => {
  const {answer} = await followed('shop', moved, '{"istio-injection":"enabled","istio.io/rev":null}', {tags: ['default']})
  expect(answer).toEqual(['shop'])
})
