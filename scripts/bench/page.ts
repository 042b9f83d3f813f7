import {mkdirSync, readFileSync, writeFileSync} from 'node:fs'
import {chart} from './chart.ts'
import type {Spread} from './measure.ts'
import type {Point, Results} from './results.ts'

const page = 'docs/performance.md'

/** Puts the numbers between the marks of docs/performance.md and draws its charts; the words around them stay. */
export function writePage(results: Results): void {
  const {headline, pods = [], policies = [], cold, live, profile, bundle, install} = results
  let text = readFileSync(page, 'utf8')
  const put = (mark: string, lines: string[]) => {
    const [begin, end] = [`<!-- ${mark} -->`, `<!-- /${mark} -->`]
    const [from, to] = [text.indexOf(begin) + begin.length, text.indexOf(end)]
    if (to < from) throw new Error(`${page} lacks the marks of \`${mark}\``)
    text = `${text.slice(0, from)}\n${lines.join('\n')}\n${text.slice(to)}`
  }
  if (headline !== undefined) put('headline', headlineTable(headline))
  if (pods.length > 0) put('pods', growthTable(pods, 'pods'))
  if (policies.length > 0) put('policies', growthTable(policies, 'policies'))
  if (cold !== undefined) put('cold', [`- first line: ${ms(cold.actionMs)}, of which node itself ${ms(cold.nodeMs)} (target: 150 ms)`])
  if (install !== undefined)
    put('install', [`- the action's base and istiod steps to the bare helm commands: ${told(install)} (target: 1.1)`])
  if (live !== undefined) {
    const {requests, connections, mostAtOnce, seconds} = live
    put('live', [
      `- ${live.pods} pods, ${live.ports} ports, ${live.answerMs} ms an answer: **${seconds.toFixed(1)} s** (target: 60 s); ${requests} requests over ${connections} connections, at most ${mostAtOnce} at once; ${live.demandsMutualTls} ports shown to demand mutual TLS`,
    ])
  }
  if (profile !== undefined)
    put(
      'profile',
      shareTable(
        'ms',
        profile.map(({part, ms: value}) => [part, value]),
      ),
    )
  if (bundle !== undefined)
    put(
      'bundle',
      shareTable(
        'bytes',
        bundle.map(({part, bytes}) => [part, bytes]),
      ),
    )
  writeFileSync(page, text)
  mkdirSync('docs/images', {recursive: true})
  draw('performance-pods-wall', 'Wall time over pods', {x: 'pods', y: 'seconds'}, pods, 'pods', (figures) => figures.wallMs.median / 1000)
  draw('performance-pods-memory', 'Peak memory over pods', {x: 'pods', y: 'MB'}, pods, 'pods', (figures) => figures.peakBytes.median / 1e6)
  draw(
    'performance-policies-wall',
    'Wall time over policies, 10,000 pods',
    {x: 'policies', y: 'seconds'},
    policies,
    'policies',
    (figures) => figures.wallMs.median / 1000,
  )
}

function draw(
  name: string,
  title: string,
  axes: {x: string; y: string},
  points: Point[],
  over: 'pods' | 'policies',
  figure: (figures: Point['ours']) => number,
): void {
  if (points.length < 2) return
  const line = (label: string, of: 'analyze' | 'list' | 'ours') => ({
    name: label,
    points: points.map((point): [number, number] => [point[over], figure(point[of])]),
  })
  writeFileSync(
    `docs/images/${name}.svg`,
    chart(title, axes, [line('validate', 'ours'), line('istioctl analyze', 'analyze'), line('bare list', 'list')]),
  )
}

function headlineTable({pods, policies, rounds, analyze, list, ours, ratios}: Point): string[] {
  const row = (name: string, {wallMs, cpuMs, peakBytes}: Point['ours']) =>
    `| ${name} | ${seconds(wallMs)} | ${seconds(cpuMs)} | ${megabytes(peakBytes)} |`
  return [
    `${pods} pods, ${policies} policies, medians of ${rounds} rounds (least to most):`,
    '',
    '| whole process | wall | CPU | peak memory |',
    '|---|---|---|---|',
    row('`istioctl analyze -A`', analyze),
    row('bare protobuf list of the same objects', list),
    row('`validate`: snapshot, all checks, all report files', ours),
    '',
    '| ratio, round by round | median (least to most) | target |',
    '|---|---|---|',
    `| wall, to \`istioctl analyze -A\` | ${told(ratios.wall)} | 0.8 |`,
    `| peak memory, to \`istioctl analyze -A\` | ${told(ratios.memory)} | 0.4 |`,
    `| wall, to the bare list | ${told(ratios.list)} | 1.3 |`,
  ]
}

function growthTable(points: Point[], over: 'pods' | 'policies'): string[] {
  return [
    `| ${over} | validate | CPU a pod | peak | analyze | peak | list | wall ratio to analyze |`,
    '|---|---|---|---|---|---|---|---|',
    ...points.map((point) => {
      const {ours, analyze, list, ratios} = point
      const cpu = ((ours.cpuMs.median * 1000) / point.pods).toFixed(0)
      return `| ${point[over]} | ${seconds(ours.wallMs)} | ${cpu} µs | ${megabytes(ours.peakBytes)} | ${seconds(analyze.wallMs)} | ${megabytes(analyze.peakBytes)} | ${seconds(list.wallMs)} | ${told(ratios.wall)} |`
    }),
  ]
}

function shareTable(unit: string, rows: [string, number][]): string[] {
  const sum = rows.reduce((total, [, value]) => total + value, 0)
  const large = rows.filter(([, value]) => value >= sum / 200)
  const rest = rows.filter(([, value]) => value < sum / 200).reduce((total, [, value]) => total + value, 0)
  const line = (name: string, value: number) => `| ${name} | ${Math.round(value)} | ${((100 * value) / sum).toFixed(1)} % |`
  return [
    `| | ${unit} | |`,
    '|---|---|---|',
    ...large.map(([name, value]) => line(`\`${name}\``, value)),
    line('the rest', rest),
    line('together', sum),
  ]
}

function seconds({median, least, most}: Spread): string {
  return `${(median / 1000).toFixed(2)} s (${(least / 1000).toFixed(2)} to ${(most / 1000).toFixed(2)})`
}

function ms({median, least, most}: Spread): string {
  return `${median.toFixed(0)} ms (${least.toFixed(0)} to ${most.toFixed(0)})`
}

function megabytes({median}: Spread): string {
  return `${(median / 1e6).toFixed(0)} MB`
}

function told({median, least, most}: Spread): string {
  return `**${median.toFixed(2)}** (${least.toFixed(2)} to ${most.toFixed(2)})`
}
