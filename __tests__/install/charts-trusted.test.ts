import {chartNotes, refuseOtherCharts} from '../../src/install/chart-digests.ts'
import {refuseUnknownPlatform} from '../../src/install/chart-platform.ts'
import type {FetchedCharts} from '../../src/install/charts.ts'
import type {ReleasePlan} from '../../src/install/release-plan.ts'
import {fakeIo} from '../helpers/fake-io.ts'

const [a, b] = ['a'.repeat(64), 'b'.repeat(64)]
const fetched = (digest: string, isFallback = false): FetchedCharts => ({
  ...{from: 'https://mirror.test/charts', isFallback, skipped: []},
  charts: [{name: 'istiod', path: '/charts/istiod.tgz', digest}],
})
const release = (chart: string, version = '1.31.1'): ReleasePlan => ({
  ...{
    chart: 'istiod',
    name: 'istiod',
    namespace: 'istio-system',
    helmRevision: 1,
    status: 'deployed',
    adopt: false,
    repair: '',
    good: 0,
    present: true,
  },
  mark: {version, chart: chart.slice(0, 40), values: '', helmRevision: 1},
})

test.each<[string, FetchedCharts, Record<string, string>, ReleasePlan[], RegExp | null]>([
  ['the one that was asked for', fetched(a), {istiod: a}, [], null],
  [
    'another one',
    fetched(b),
    {istiod: a},
    [],
    /^Chart `istiod` 1\.31\.1 from `https:\/\/mirror\.test\/charts` has SHA-256 `b{64}`, but `chart-digests` wants `a{64}`/,
  ],
  ['another one, that was installed before', fetched(b), {istiod: a}, [release(b)], /wants/],
  ['another one from a fallback', fetched(b, true), {istiod: a}, [], /wants/],
  ['a fallback that differs from the chart installed before', fetched(b, true), {}, [release(a)], /is not the one installed before/],
  ['a fallback that differs, but is the one asked for', fetched(b, true), {istiod: b}, [release(a)], null],
  ['a fallback of another version', fetched(b, true), {}, [release(a, '1.31.0')], null],
  ["the user's own first entry, changed since", fetched(b), {}, [release(a)], null],
  ['digests of other charts', fetched(a), {ztunnel: b}, [], null],
])('a chart is accepted or refused: %s', (_, charts, given, releases, refusal) => {
  const refuse = () => refuseOtherCharts(charts, given, releases, '1.31.1')
  if (refusal === null) expect(refuse).not.toThrow()
  else expect(refuse).toThrow(expect.objectContaining({entry: 'chart-digest', message: expect.stringMatching(refusal)}))
})

test.each([
  [false, {}, ''],
  [false, {istiod: a}, ', as `chart-digests` wants'],
  [true, {}, ', which no `chart-digests` vouches for'],
])('the report says what vouches for a chart (fallback %s, digests %j)', (isFallback, given, says) => {
  expect(chartNotes(fetched(a, isFallback), given, '1.31.1')).toEqual([
    `Chart \`istiod\` 1.31.1 from \`https://mirror.test/charts\`, \`sha256:${a}\`${says}`,
  ])
})

// The fake's archives hold every member, so unpacked folders decide here; helm-matrix and platform.cluster tests open real archives.
const io = fakeIo({files: {'/charts/istiod/Chart.yaml': 'version: 1.31.1', '/charts/istiod/files/profile-platform-gke.yaml': 'cni: {}'}})
const unpacked = [{name: 'istiod', path: '/charts/istiod', digest: a}]
test.each([
  ['', undefined],
  ['gke', undefined],
  ['gkee', 'did you mean `gke`?'],
  ['k3s', '`platform` is `k3s`, which chart `istiod` does not know'],
])('platform `%s` is refused with %s', async (platform, says) => {
  const answer = await refuseUnknownPlatform(platform, unpacked, io).catch((thrown) => thrown)
  expect(answer?.entry).toBe(says === undefined ? undefined : 'platform-unknown')
  if (says !== undefined) expect(answer.message).toContain(says)
})
