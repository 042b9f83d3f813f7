import {previousLabels} from '../../src/enforce/enrol-plan.ts'
import {labelNamespace, type Labels, recordOf} from '../../src/enforce/label-namespace.ts'
import {fakeIo, refusal, type Scripted} from '../helpers/fake-io.ts'

test.each<[string, string | undefined, Labels, Labels | null]>([
  ['the first time', undefined, {'istio-injection': null}, {'istio-injection': null}],
  [
    'a label that a later move touches joins it',
    '{"istio-injection":null}',
    {'istio-injection': 'enabled', 'istio.io/rev': null},
    {'istio-injection': null, 'istio.io/rev': null},
  ],
  [
    'what it says already stays',
    '{"istio-injection":null,"istio.io/rev":"blue"}',
    {'istio-injection': 'enabled', 'istio.io/rev': null},
    null,
  ],
  ['a torn one is made anew', '{"istio-inj', {'istio-injection': null}, {'istio-injection': null}],
  ['so is a list', '[1]', {'istio-injection': null}, {'istio-injection': null}],
])('the record of former labels: %s', (_, kept, former, expected) => {
  const record = recordOf(kept, former)
  expect(record === null ? null : JSON.parse(record)).toEqual(expected)
})

const path = '/api/v1/namespaces/shop'
const shop = (labels: object, resourceVersion = '7') => ({metadata: {name: 'shop', resourceVersion, labels}})
const change = {
  namespace: 'shop',
  labels: {'istio.io/rev': 'canary', 'istio-injection': null},
  former: {'istio.io/rev': null, 'istio-injection': 'enabled'},
}

async function labelled(get: Scripted, patch: Scripted = {}, what: Parameters<typeof labelNamespace>[0] = change) {
  const io = fakeIo({kube: {[`GET ${path}`]: get, [`PATCH ${path}`]: patch}})
  const answer = await labelNamespace(what, io.kube, io).catch((thrown) => thrown)
  return {answer, writes: io.requests.filter(({method}) => method === 'PATCH').map(({body}) => body)}
}

test('is bound to the version that was read', async () => {
  const {answer, writes} = await labelled(shop({'istio-injection': 'enabled'}))
  expect(answer).toBe(true)
  expect(writes).toEqual([
    {metadata: {resourceVersion: '7', labels: change.labels, annotations: {[previousLabels]: JSON.stringify(change.former)}}},
  ])
})

test('a label that somebody changed since it was decided is not written over', async () => {
  const {answer, writes} = await labelled(shop({'istio-injection': 'disabled'}))
  expect(answer).toMatchObject({entry: 'changed-meanwhile', message: expect.stringContaining('label `istio-injection` is `disabled`')})
  expect(writes).toEqual([])
})

test('a change of something else in between is looked at again, one of the label stops', async () => {
  const versions = ['7', '8', '9']
  const conflicts = [refusal(409, 'the object has been modified'), {}]
  const fine = await labelled(
    () => shop({'istio-injection': 'enabled'}, versions.shift()),
    () => conflicts.shift(),
  )
  expect([fine.answer, fine.writes.length]).toEqual([true, 2])

  const reads = [shop({'istio-injection': 'enabled'}), shop({}, '8')]
  const stopped = await labelled(() => reads.shift(), refusal(409, 'the object has been modified'))
  expect(stopped.answer).toMatchObject({entry: 'changed-meanwhile', message: expect.stringContaining('`istio-injection` is gone')})
})

test('a namespace that never stands still is named at last', async () => {
  const {answer, writes} = await labelled(shop({'istio-injection': 'enabled'}), refusal(409, 'the object has been modified'))
  expect(answer).toMatchObject({entry: 'changed-meanwhile'})
  expect(writes).toHaveLength(5)
})

test.each<[string, Scripted, Scripted]>([
  ['before it was read', refusal(404, 'gone'), {}],
  ['before it was written', shop({'istio-injection': 'enabled'}), refusal(404, 'gone')],
])('a namespace that was deleted %s is none', async (_, get, patch) => {
  expect((await labelled(get, patch)).answer).toBe(false)
})

test('going back asks nobody and keeps no record', async () => {
  const {answer, writes} = await labelled(shop({'istio.io/rev': 'other'}), {}, {...change, former: null})
  expect(answer).toBe(true)
  expect(writes).toEqual([{metadata: {resourceVersion: '7', labels: change.labels}}])
})

const kept = (manager: string, label: string) => ({
  metadata: {
    ...shop({'istio-injection': 'enabled'}).metadata,
    managedFields: [{manager, operation: 'Apply', fieldsV1: {'f:metadata': {'f:labels': {[`f:${label}`]: {}}}}}],
  },
})

test.each<[string, object, boolean]>([
  ['Argo CD keeps it', kept('argocd-controller', 'istio-injection'), true],
  ['Flux keeps it', kept('kustomize-controller', 'istio-injection'), true],
  ['Argo CD keeps another label alone', kept('argocd-controller', 'team'), false],
  ['somebody wrote it by hand', kept('kubectl-label', 'istio-injection'), false],
])('a label that would be written back is not changed: %s', async (_, found, isKept) => {
  const {answer, writes} = await labelled(found)
  if (isKept) expect(answer).toMatchObject({entry: 'label-kept', message: expect.stringContaining('`istio-injection: enabled`')})
  expect(writes).toHaveLength(isKept ? 0 : 1)
})

test('a label beside those of a GitOps tool is: it leaves alone what it does not know', async () => {
  const add = {namespace: 'shop', labels: {'istio.io/dataplane-mode': 'ambient'}, former: {'istio.io/dataplane-mode': null}}
  expect((await labelled(kept('argocd-controller', 'istio-injection'), {}, add)).answer).toBe(true)
})
