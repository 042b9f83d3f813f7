import {spawnSync} from 'node:child_process'
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {startGitHub} from '../__tests__/helpers/github-server.ts'
import {forget, runStep} from '../__tests__/helpers/runner.ts'
import {type Bed, down, reset, up} from '../testbed/bed.ts'

// The action's install beside the bare helm commands on the same bed, in turn: `node scripts/bench-install.ts [PAIRS]`.
const pairs = Number(process.argv[2] ?? 5)
const bed = await up({bed: 6})
const github = await startGitHub({})
const toolCache = mkdtempSync(join(tmpdir(), 'tools-'))
const values = join(toolCache, 'values.yaml')
writeFileSync(values, `${bed.istiodValues}\n`)

const rows: {bare: number; base: number; istiod: number; download: number; webhook: number; stage: number}[] = []
for (let pair = 0; pair <= pairs; pair++) {
  await reset(bed)
  const bare = bareHelm(bed)
  await reset(bed)
  const row = {bare, ...(await action(bed))}
  // The first pair warms the images and the tool cache.
  if (pair > 0) rows.push(row)
  console.log(`${pair === 0 ? 'warm-up' : pair}: bare helm ${bare} ms, action ${JSON.stringify(row)}`)
}
await github.close()
await down({bed: bed.number})
rmSync(toolCache, {recursive: true})

const median = (numbers: number[]) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0
const ratios = rows.map(({bare, base, istiod}) => (base + istiod) / bare)
console.log(
  `medians of ${rows.length} pairs: bare helm ${median(rows.map(({bare}) => bare))} ms, base + istiod ${median(rows.map(({base, istiod}) => base + istiod))} ms, `,
)
console.log(
  `ratio base + istiod to bare helm, pair by pair: median ${median(ratios).toFixed(2)}, from ${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)}`,
)
console.log(
  `lines of their own: downloads ${median(rows.map(({download}) => download))} ms, webhook ${median(rows.map(({webhook}) => webhook))} ms, whole stage ${median(rows.map(({stage}) => stage))} ms`,
)

/** `helm upgrade --install --wait` for both charts, as a careful user would type it; milliseconds. */
function bareHelm({bin, charts, caFile, kubeconfig}: Bed): number {
  const started = performance.now()
  for (const [release, chart, ...more] of [
    ['istio-base', 'base'],
    ['istiod', 'istiod', '-f', values],
  ]) {
    const args = [
      'upgrade',
      '--install',
      release ?? '',
      `${charts.oci}/${chart}`,
      '--version',
      '1.31.1',
      '-n',
      'istio-system',
      '--create-namespace',
      '--wait',
      ...more,
    ]
    const {status, stderr} = spawnSync(join(bin, 'helm'), args, {
      env: {PATH: process.env['PATH'], HOME: toolCache, KUBECONFIG: kubeconfig, SSL_CERT_FILE: caFile},
      encoding: 'utf8',
    })
    if (status !== 0) throw new Error(stderr)
  }
  return Math.round(performance.now() - started)
}

async function action({kubeconfig, helm, charts, caFile, istiodValues}: Bed): Promise<Omit<(typeof rows)[number], 'bare'>> {
  const step = await runStep(
    {
      inputs: {
        kubeconfig,
        'helm-mirror': helm.mirror,
        'helm-version': helm.version,
        'helm-checksum': helm.sha256,
        charts: charts.oci,
        'istio-version': '1.31.1',
        values: istiodValues,
        comment: 'never',
      },
      apiUrl: github.url,
      env: {NODE_EXTRA_CA_CERTS: caFile, SSL_CERT_FILE: caFile},
    },
    {toolCache},
  )
  const {stages} = JSON.parse(readFileSync(step.outputs['report-json'] ?? '', 'utf8')) as {
    stages: {name: string; ms: number; steps: {name: string; ms: number}[]}[]
  }
  const install = stages.find(({name}) => name === 'install')
  const ms = (name: string) => install?.steps.find((each) => each.name === name)?.ms ?? 0
  forget(step)
  return {
    base: ms('base'),
    istiod: ms('istiod'),
    download: ms('download helm') + ms('download charts'),
    webhook: ms('webhook'),
    stage: install?.ms ?? 0,
  }
}
