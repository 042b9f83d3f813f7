import {findInstall, istiodsPath, releasesPath, supersededPath} from '../../src/install/find-install.ts'
import {noteRepair, repairsFrom} from '../../src/install/repair-note.ts'
import {webhookPaths} from '../../src/install/webhooks-found.ts'
import type {KubeObject} from '../../src/io/io.ts'
import {fakeIo} from '../helpers/fake-io.ts'

const namespacePath = '/api/v1/namespaces/istio-system'
const record = (name: string, version: number, status: string) => ({
  metadata: {
    name: `sh.helm.release.v1.${name}.v${version}`,
    labels: {name, status, version: String(version), 'istio-mtls/version': '1.31.1'},
  },
})
const istiod = {
  metadata: {
    name: 'istiod',
    namespace: 'istio-system',
    annotations: {'meta.helm.sh/release-name': 'istiod', 'meta.helm.sh/release-namespace': 'istio-system'},
  },
}

async function found(records: object[], superseded: object[] | Error = []) {
  const io = fakeIo({
    kube: {
      ...Object.fromEntries(webhookPaths.map((path) => [`GET ${path}`, []])),
      [`GET ${istiodsPath}`]: [istiod],
      [`GET ${releasesPath}`]: records,
      [`GET ${supersededPath}`]: superseded,
    },
  })
  return (await findInstall(io.kube)).releases.map(({name, helmRevision, status, good}) => [name, helmRevision, status, good])
}

test.each<[string, object[], unknown[]]>([
  [
    'the deployed revision is the one to go back to',
    [record('istiod', 2, 'deployed'), record('istiod', 3, 'pending-upgrade')],
    ['istiod', 3, 'pending-upgrade', 2],
  ],
  [
    'past what failed or is pending in between',
    [
      record('istiod', 5, 'pending-rollback'),
      record('istiod', 2, 'deployed'),
      record('istiod', 4, 'pending-upgrade'),
      record('istiod', 3, 'failed'),
    ],
    ['istiod', 5, 'pending-rollback', 2],
  ],
  [
    'a failed one where none ever was deployed',
    [record('istiod', 1, 'failed'), record('istiod', 2, 'pending-upgrade')],
    ['istiod', 2, 'pending-upgrade', 1],
  ],
  ['none where the record stands alone', [record('istiod', 4, 'pending-upgrade')], ['istiod', 4, 'pending-upgrade', 0]],
])('%s', async (_, records, expected) => {
  expect(await found(records)).toEqual([expected])
})

test('where the newest records are gone, the superseded ones tell how far helm had counted', async () => {
  const old = [record('istiod', 1, 'superseded'), record('istiod', 2, 'superseded'), record('other', 9, 'superseded')]
  expect(await found([record('istio-base', 1, 'deployed')], old)).toEqual([
    ['istio-base', 1, 'deployed', 0],
    ['istiod', 2, 'superseded', 1],
  ])
})

test('a pending record that a repair left behind is not the newest where those of the repair were superseded, and the last of all deleted', async () => {
  const left = [record('istiod', 3, 'pending-upgrade')]
  expect(await found(left, [record('istiod', 2, 'superseded'), record('istiod', 4, 'superseded')])).toEqual([
    ['istiod', 4, 'superseded', 2],
  ])
  expect(await found(left, [record('istiod', 2, 'superseded'), record('istiod', 1, 'superseded')])).toEqual([
    ['istiod', 3, 'pending-upgrade', 2],
  ])
})

test('superseded records are read for nothing else', async () => {
  const unread = new Error('not to be read')
  expect(await found([record('istiod', 3, 'deployed')], unread)).toEqual([['istiod', 3, 'deployed', 0]])
  expect(await found([record('istiod', 2, 'deployed'), record('istiod', 3, 'failed')], unread)).toEqual([['istiod', 3, 'failed', 2]])
})

test('the note of a repair is read as it was written, and anything else that stands there is no note', async () => {
  const io = fakeIo()
  await noteRepair({release: 'istiod', revision: 5}, io.kube)
  await noteRepair(null, io.kube)
  expect(io.requests.map(({path}) => path)).toEqual([namespacePath, namespacePath])
  const [written, taken] = io.requests.map(({body}) => body as KubeObject)
  expect([repairsFrom(written ?? null), repairsFrom(taken ?? null), repairsFrom(null)]).toEqual([{istiod: 5}, {}, {}])
  for (const text of ['{', '[]', 'null', '"x"', '{"istiod":"5"}'])
    expect(repairsFrom({metadata: {annotations: {'istio-mtls/repairing': text}}} as unknown as KubeObject)).toEqual({})
})
