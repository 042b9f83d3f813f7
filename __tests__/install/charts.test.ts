import {fetchCharts} from '../../src/install/charts.ts'
import {fakeIo, type Script} from '../helpers/fake-io.ts'

const helm = {path: '/helm', version: 'v4.2.4', env: {HELM_CACHE_HOME: '/temp/helm'}}
const oci = 'oci://ghcr.io/istio/release/charts'
const https = 'https://blob.istio.io/istio-release/charts'

/** A runner whose helm pulls charts named `from` the given entries; what else it is asked for fails with `says`. */
function runner(from: string[], says = 'Error: dial tcp: i/o timeout', more: Script = {}) {
  const io = fakeIo({
    ...more,
    shell: (command) => {
      const [, verb, first = ''] = command
      const entry = command.includes('--repo') ? command[command.indexOf('--repo') + 1] : first.slice(0, first.lastIndexOf('/'))
      if (verb !== 'pull' || !from.includes(entry ?? '')) return {code: 1, stderr: says}
      const name = command.includes('--repo') ? first : first.slice(first.lastIndexOf('/') + 1)
      io.disk.set(`${command.at(-1)}/${name}-1.31.1.tgz`, Buffer.from(`${name} from ${entry}`))
      return {}
    },
  })
  return io
}
const fetch = (entries: string[], io: ReturnType<typeof runner>) => fetchCharts(['base', 'istiod'], '1.31.1', entries, helm, io)

test('takes both charts from the first entry that answers, each with the digest of its archive', async () => {
  const io = runner([oci, https])
  const fetched = await fetch([oci, https], io)
  expect(fetched).toMatchObject({from: oci, isFallback: false, skipped: []})
  expect(fetched.charts.map(({name, digest}) => [name, digest])).toEqual([
    ['base', io.files.sha256(Buffer.from(`base from ${oci}`))],
    ['istiod', io.files.sha256(Buffer.from(`istiod from ${oci}`))],
  ])
})

test('names an entry that does not answer and takes the next', async () => {
  const io = runner([https])
  const fetched = await fetch([oci, https], io)
  expect(fetched).toMatchObject({from: https, isFallback: true, skipped: [`\`${oci}\`: dial tcp: i/o timeout`]})
  expect(io.lines.join()).toContain('trying the next entry')
})

test('asks helm in the words of each kind of entry', async () => {
  const io = runner([https])
  await fetch([oci, https], io)
  const asked = io.commands.map((command) => command.slice(1, -2).join(' '))
  expect(asked).toContain(`pull ${oci}/base --version 1.31.1`)
  expect(asked).toContain(`pull base --repo ${https} --version 1.31.1`)
})

test('fails with every entry and its reason when none answers', async () => {
  await expect(fetch([oci, https], runner([], 'Error: chart not found'))).rejects.toMatchObject({
    entry: 'charts-unreachable',
    message: expect.stringMatching(/ghcr\.io.*chart not found.*blob\.istio\.io.*chart not found/s),
    cure: expect.stringContaining('istio-version: 1.31.1'),
  })
})

test.each(['https://istio-release.storage.googleapis.com/charts', 'oci://gcr.io/istio-release/charts'])(
  'says what to use in place of the retired %s',
  async (entry) => {
    await expect(fetch([entry], runner([]))).rejects.toMatchObject({cure: expect.stringContaining('oci://ghcr.io/istio/release/charts')})
  },
)

test('an entry that hangs is given up before the whole time is gone', async () => {
  const io = fakeIo({shell: () => ({code: null, timedOut: true})})
  await expect(fetchCharts(['base'], '1.31.1', [oci], helm, io)).rejects.toMatchObject({
    message: expect.stringContaining('no answer within 60 s'),
  })
})

test('a cancelled run does not go on to the next entry', async () => {
  const io = runner([https])
  io.cancel(new Error('cancelled'))
  await expect(fetch([oci, https], io)).rejects.toThrow('cancelled')
  expect(io.commands.filter((command) => command.includes('--repo'))).toEqual([])
})

describe('a local folder', () => {
  const local = (files: Record<string, string>) => fetchCharts(['istiod'], '1.31.1', ['charts'], helm, fakeIo({files}))

  test('of archives, relative to the workspace', async () => {
    expect((await local({'/workspace/charts/istiod-1.31.1.tgz': 'x'})).charts[0]).toMatchObject({
      path: '/workspace/charts/istiod-1.31.1.tgz',
    })
  })

  test('of unpacked charts, whose digest changes with any file', async () => {
    const files = {'/workspace/charts/istiod/Chart.yaml': 'version: 1.31.1', '/workspace/charts/istiod/values.yaml': 'a: 1'}
    const [one] = (await local(files)).charts
    const [other] = (await local({...files, '/workspace/charts/istiod/values.yaml': 'a: 2'})).charts
    expect(one?.path).toBe('/workspace/charts/istiod')
    expect(one?.digest).not.toBe(other?.digest)
  })

  test.each<[string, Record<string, string>, RegExp]>([
    ['without the chart', {}, /holds neither/],
    ['with another version', {'/workspace/charts/istiod/Chart.yaml': 'version: 1.30.0'}, /is version 1\.30\.0, not 1\.31\.1/],
  ])('%s gives nothing', async (_, files, says) => {
    await expect(local(files)).rejects.toMatchObject({message: expect.stringMatching(says)})
  })
})

test.each(['write /temp/charts-1/base.tgz: no space left on device', 'mkdir /temp: read-only file system'])(
  'a disk that takes no charts is said to be the cause, not the address: %s',
  async (says) => {
    await expect(fetch([oci, https], runner([], `Error: ${says}`))).rejects.toMatchObject({
      entry: 'charts-unreachable',
      cure: expect.stringContaining('RUNNER_TEMP'),
    })
  },
)
