import {mend} from '../../src/install/mend.ts'
import {fakeIo, refusal} from '../helpers/fake-io.ts'

const child = {pid: 4711, startTime: '8899'}

test.each<[string, Record<string, string>, object[]]>([
  ['a run that ended by itself left an empty record', {'helm-child': ''}, []],
  ['no record at all', {}, []],
  ['a record that is no JSON', {'helm-child': 'nonsense'}, []],
  ['a record that would end process 1', {'helm-child': '{"pid":1,"startTime":"1"}'}, []],
  ['helm was at work when the run was killed', {'helm-child': JSON.stringify(child)}, [child]],
])('%s', async (_, state, ended) => {
  const io = fakeIo({state})
  const done = await mend(io)
  expect(io.ended).toEqual(ended)
  expect(done).toHaveLength(ended.length)
})

test("removes the kubeconfigs of this run, and nothing outside the runner's own folder", async () => {
  const io = fakeIo({
    state: {kubeconfigs: JSON.stringify(['/temp/istio-mtls-kubeconfig-1', '/etc', '/temp/gone'])},
    files: {'/temp/istio-mtls-kubeconfig-1/config': 'secret', '/etc/passwd': 'root', '/temp/other/file': 'x'},
  })
  expect(await mend(io)).toEqual(['A kubeconfig that a killed run left on the runner was removed.'])
  expect([...io.disk.keys()]).toEqual(['/etc/passwd', '/temp/other/file'])
})

const lease = '/apis/coordination.k8s.io/v1/namespaces/istio-system/leases/istio-mtls-action'
const held = (holder: string) => ({
  metadata: {name: 'istio-mtls-action', uid: 'u-1', resourceVersion: '9'},
  spec: {holderIdentity: holder, leaseDurationSeconds: 30},
})
const locked = {
  lock: JSON.stringify({namespace: 'istio-system', holder: 'run 17', insecureSkipTlsVerify: false}),
  kubeconfigs: '["/temp/istio-mtls-kubeconfig-1"]',
  'helm-child': JSON.stringify(child),
}
const files = {'/temp/istio-mtls-kubeconfig-1/config': 'apiVersion: v1'}

test('gives the Lease of a killed run back, after its helm has ended', async () => {
  let endedBefore = -1
  const io = fakeIo({
    state: locked,
    files,
    kube: {
      [`GET ${lease}`]: held('run 17'),
      [`DELETE ${lease}`]: () => {
        endedBefore = io.ended.length
        return {}
      },
    },
  })
  expect(await mend(io)).toContain('The Lease that kept other runs away from the cluster was given back.')
  expect(endedBefore).toBe(1)
  expect(io.requests.at(-1)?.options).toEqual({uid: 'u-1', resourceVersion: '9'})
  expect([...io.disk.keys()]).toEqual([])
})

test.each<[string, Record<string, string>, object | Error, number]>([
  ['another run has taken it over', locked, held('run 18'), 2],
  ['the run gave it back itself', {...locked, lock: ''}, held('run 17'), 2],
  ['the state names no holder', {...locked, lock: '{"namespace":"istio-system"}'}, held('run 17'), 2],
  ['the API server is gone', locked, refusal(0, 'no route to host'), 3],
])('leaves the Lease alone when %s', async (_, state, answer, said) => {
  const io = fakeIo({state, files, kube: {[`GET ${lease}`]: answer}})
  expect(await mend(io)).toHaveLength(said)
  expect(io.requests.filter(({method}) => method !== 'GET')).toEqual([])
})

test('what cannot be mended keeps nothing else from being mended: no kubeconfig stays because helm cannot be ended', async () => {
  const io = fakeIo({state: locked, files, kube: {[`GET ${lease}`]: held('run 17')}})
  io.shell.end = async () => {
    throw new Error('EPERM: operation not permitted')
  }
  const done = await mend(io)
  expect(done.join(' ')).toMatch(/helm \(process 4711\) could not be ended.*A kubeconfig that a killed run left on the runner was removed/)
  expect([...io.disk.keys()]).toEqual([])
  // Whoever waits for the Lease relies on helm having ended.
  expect(io.requests.filter(({method}) => method === 'DELETE')).toEqual([])
})

test('a folder that cannot be looked at keeps nothing else from being mended', async () => {
  const io = fakeIo({
    state: {...locked, kubeconfigs: '["/temp/locked", "/temp/istio-mtls-kubeconfig-1"]'},
    files,
    kube: {[`GET ${lease}`]: held('run 17')},
  })
  const {exists} = io.files
  io.files.exists = (path) => (path === '/temp/locked' ? Promise.reject(new Error('EACCES')) : exists(path))
  await mend(io)
  expect(io.requests.map(({method}) => method)).toContain('DELETE')
  expect([...io.disk.keys()]).toEqual([])
})

test('a kubeconfig that cannot be removed is named, and the next one is removed', async () => {
  const [first, second] = ['/temp/istio-mtls-kubeconfig-1', '/temp/istio-mtls-kubeconfig-2']
  const io = fakeIo({
    state: {kubeconfigs: JSON.stringify([first, second])},
    files: {[`${first}/config`]: 'a', [`${second}/config`]: 'b'},
  })
  const {remove} = io.files
  io.files.remove = async (path) => {
    if (path === first) throw new Error('EACCES')
    await remove(path)
  }
  expect(await mend(io)).toEqual([
    `A kubeconfig that a killed run left at ${first} could not be removed (EACCES): delete it.`,
    'A kubeconfig that a killed run left on the runner was removed.',
  ])
})
