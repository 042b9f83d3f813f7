import {mend} from '../../src/install/mend.ts'
import {fakeIo} from '../helpers/fake-io.ts'

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
