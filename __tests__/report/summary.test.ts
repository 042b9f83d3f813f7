import {buildReport} from '../../src/report/build.ts'
import {byteLength, cut} from '../../src/report/budget.ts'
import {commentBody, commentLimit, markerOf} from '../../src/report/comment.ts'
import {briefSummary, summary, summaryLimit} from '../../src/report/summary.ts'
import {asGitHub} from './as-github.ts'
import {bigReport, downReport, finding, greenReport, inputs, redReport, result, row, snapshot, stages} from './samples.ts'

test('a red summary shows what failed, the exact fix, the evidence and what to type next', () => {
  const page = summary(redReport())
  const titles = [...page.matchAll(/^#+ (.*)$/gm)].map((match) => match[1])
  expect(titles).toEqual([
    '❌ Mutual TLS on preview-17: fail',
    'What failed, and how to mend it',
    'Ports that accept plain text or lack proof',
    'Who is open to plain text',
    'What this run changed',
    'Next',
  ])
  expect(page).toContain(
    '```sh\nkubectl -n shop patch peerauthentication legacy-callers --type merge -p \'{"spec":{"portLevelMtls":null}}\'\n```',
  )
  expect(page).toContain('| ❌ violated | `shop/orders` | 8080 | PERMISSIVE by `legacy-callers` | – | not probed |')
  expect(page).toContain('kubectl -n shop get peerauthentication legacy-callers -o yaml')
  for (const step of ['download', 'base', 'istiod', 'webhook']) expect(page).toContain(`| ↳ ${step} |`)
  expect(page).toContain('Namespaces left out of the scope: `kube-*`, `local-path-storage`.')
})

test('a green summary opens nothing', () => {
  const page = summary({...greenReport(), changed: false, stages: []})
  expect(page).not.toMatch(/<details open|^###/m)
  expect(page).toContain('nothing changed on the cluster')
  expect(asGitHub(briefSummary(greenReport())).shown).toBe(
    '✅ Mutual TLS on preview-17: pass All 8 workload ports refuse plain text, proven on the live cluster. Coverage 100 % · 9 ports · 0 violated · 8 proven · 1 exempt',
  )
})

test('a failed stage says what failed, what was not read, and the cure', () => {
  const {shown} = asGitHub(summary(downReport()))
  expect(shown).toContain('Stage install failed: Istiod was not ready within 5 min')
  expect(shown).toContain('Not read: pods')
  expect(shown).toContain('No workload port could be read')
  expect(shown).toContain('M101 The control plane is ready? Unknown: not read')
  expect(shown).toContain('1. Set hub to a registry that mirrors docker.io/istio')
})

test.each([
  ['1,000 workloads, all well', bigReport(1000, 0)],
  ['1,000 workloads, 40 open', bigReport(1000, 40)],
  ['1,000 workloads, all open', bigReport(1000, 1000)],
  ['20,000 workloads, all open', bigReport(20_000, 20_000)],
])('%s: summary and comment fit, whole, with the verdict in front', (_, report) => {
  const page = summary(report)
  const body = commentBody(report, markerOf(report, {workflow: 'w', job: 'j'}, ''), '')
  expect(byteLength(page)).toBeLessThanOrEqual(summaryLimit)
  expect(body.length).toBeLessThan(65_536)
  expect(byteLength(body)).toBeLessThanOrEqual(commentLimit)
  for (const one of [page, body]) {
    expect(asGitHub(one).shown).toContain(`${report.counts.violated} violated`)
    expect(one.split('<details').length).toBe(one.split('</details>').length)
    expect(one.split(/^```/m).length % 2).toBe(1)
  }
})

test('less is shown in steps: well ports go first, findings last', () => {
  const report = bigReport(400, 100)
  const sizes = [1_000_000, 60_000, 15_000, 2_000].map((limit) => summary(report, limit))
  expect(sizes.map((page) => page.includes('with evidence'))).toEqual([true, false, false, false])
  expect(sizes.map((page) => (page.match(/<b>M304<\/b>/g) ?? []).length)).toEqual([100, 50, 10, expect.any(Number)])
  expect(sizes[1]).toContain('And 50 more findings, all in report.json.')
  expect(sizes.map((page, at) => byteLength(page) <= ([1_000_000, 60_000, 15_000, 2_000][at] ?? 0))).toEqual([true, true, true, true])
  expect(sizes[3]).toContain('Cut to fit')
})

test('a cut never splits a line, a fence or a fold', () => {
  const page = [
    '# t',
    '',
    '<details><summary>a</summary>',
    '',
    '```yaml',
    ...Array.from({length: 50}, (_, at) => `line: ${at} ünï`),
    '```',
    '',
    '</details>',
    '',
  ].join('\n')
  for (let limit = 120; limit < byteLength(page); limit += 7) {
    const kept = cut(page, limit, '_Cut._')
    expect(byteLength(kept)).toBeLessThanOrEqual(limit)
    expect(kept.split('```').length % 2).toBe(1)
    expect(kept.split('<details').length).toBe(kept.split('</details>').length)
    expect(kept.endsWith('\n\n_Cut._\n')).toBe(true)
    for (const line of kept.split('\n').filter((each) => each.startsWith('line'))) expect(page).toContain(`${line}\n`)
  }
  expect(cut(page, byteLength(page), '_Cut._')).toBe(page)
})

test('a failed stage links its entry, and each finding its page, of the version that runs', () => {
  const docs = 'https://github.com/octo-org/mtls/blob/v1/docs'
  const down = downReport()
  const linked = {...down, results: down.results.map((one) => ({...one, docs: `${docs}/checks/${one.slug}.md`}))}
  expect(asGitHub(summary(linked)).links).toEqual([`${docs}/troubleshooting.md#istiod-not-ready`])
  expect(asGitHub(summary(down)).links).toEqual([])
  const results = [result('M303', {docs: `${docs}/checks/m303-check.md`, findings: [finding()]})]
  const red = buildReport({inputs: inputs(), snapshot: snapshot(), endpoints: [row('shop', 'cart', 80)], results, stages, notes: []})
  expect(asGitHub(summary(red)).links).toEqual([`${docs}/checks/m303-check.md`])
})

test('what a note puts in backticks can be copied as it stands', () => {
  const digest = `sha256:${'0123456789abcdef'.repeat(4)}`
  const note = `Chart \`base\` 1.31.1 from \`oci://ghcr.io/istio/release/charts\`, \`${digest}\``
  const page = summary({...greenReport(), notes: [note]})
  expect(page).toContain(` from \`oci://ghcr.io/istio/release/charts\`, \`${digest}\`\n`)
  expect(page).not.toContain('\u200b')
})

test('a finding of a manifest names file and line', () => {
  const subject = {kind: 'PeerAuthentication', namespace: 'shop', name: 'legacy', file: 'k8s/policies.yaml', line: 12}
  const report = buildReport({
    ...{inputs: inputs(), snapshot: snapshot(), endpoints: [row('shop', 'cart', 80)], stages, notes: []},
    results: [result('M303', {findings: [finding({subject})]})],
  })
  expect(summary(report)).toContain('In `k8s/policies.yaml:12`.')
})
