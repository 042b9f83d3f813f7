import fc from 'fast-check'
import type {CheckResult, Finding} from '../../src/model/check.ts'
import type {Endpoint} from '../../src/model/endpoint.ts'
import type {Inputs} from '../../src/model/inputs.ts'
import {read, unread} from '../../src/model/part.ts'
import type {Stage} from '../../src/model/report.ts'
import type {ReportParts} from '../../src/report/build.ts'
import {inputs, snapshot} from './samples.ts'

/** Text as an attacker would choose it, among what GitHub, Markdown, HTML, YAML and runners give a meaning. */
export const hostile: fc.Arbitrary<string> = fc
  .array(
    fc.oneof(
      {weight: 3, arbitrary: fc.string({unit: 'binary', maxLength: 12})},
      {weight: 2, arbitrary: fc.string({unit: 'grapheme', maxLength: 12})},
      {
        weight: 5,
        arbitrary: fc.constantFrom(
          ...[
            '@octocat',
            '@org/team',
            '&#64;octocat',
            '#123',
            'GH-1',
            'octo/shop#7',
            'deadbeefdeadbeefdeadbeefdeadbeefdeadbeef',
            'e83c516',
          ],
          ...[
            'https://evil.example/x',
            'http://e.co',
            'ftp://e.co',
            'www.evil.example',
            'a@evil.example',
            'mailto:a@b.co',
            '<https://e.co>',
          ],
          ...[
            '[x](https://e.co)',
            '![x](https://e.co/p.png)',
            '[x]: https://e.co',
            '[x][y]',
            '<script>alert(1)</script>',
            '<img src=x onerror=y>',
          ],
          ...[
            '</details>',
            '<!-- istio-mtls-action',
            '-->',
            '&lt;b&gt;',
            '|',
            '\\|',
            '\\',
            '`',
            '``',
            '```',
            '~~~',
            '**',
            '__',
            '*',
            '_',
            '~~x~~',
          ],
          ...[
            '\n',
            '\r\n',
            '\n\n',
            '\u2028',
            '\u0085',
            '\n# head',
            '\n- item',
            '\n> [!WARNING]',
            '\n---',
            '\n===',
            '\n    code',
            '1. one',
            '+ one',
          ],
          ...[
            '::error::x',
            '\n::set-output name=verdict::pass',
            '##[error]x',
            '##',
            '[',
            ':',
            '::',
            '\u202e',
            '\u200b',
            '\ufeff',
            '\ud800',
            '$x$',
            '$$',
          ],
        ),
      },
    ),
    {maxLength: 6},
  )
  .map((parts) => parts.join(''))

const name = fc.oneof(fc.constantFrom('shop', 'orders', 'cart', 'istio-system'), hostile)
const ref = fc.record(
  {kind: fc.oneof(fc.constantFrom('PeerAuthentication', 'Deployment'), hostile), namespace: name, name},
  {requiredKeys: ['kind', 'name']},
)
const severity = fc.constantFrom('error' as const, 'warning' as const, 'info' as const)

const endpoint: fc.Arbitrary<Endpoint> = fc
  .record({
    namespace: name,
    workload: fc.record({kind: fc.constantFrom('Deployment', 'StatefulSet'), name}),
    pods: fc.array(name, {maxLength: 2}),
    port: fc.option(fc.integer({min: 1, max: 65_535})),
    protocol: fc.constantFrom('TCP' as const, 'UDP' as const),
    dataPlane: fc.constantFrom('sidecar' as const, 'none' as const, 'gateway' as const),
    mode: fc.constantFrom('STRICT' as const, 'PERMISSIVE' as const, 'NONE' as const, 'GATEWAY' as const),
    decidedBy: fc.option(ref),
    verdict: fc.constantFrom(
      'violated' as const,
      'proven' as const,
      'proven' as const,
      'configured' as const,
      'unproven' as const,
      'exempt' as const,
    ),
    reason: hostile,
    evidence: fc.array(
      fc.record({
        kind: fc.constantFrom('configured' as const, 'delivered' as const, 'probe' as const),
        says: hostile,
        at: fc.constant('2026-11-22T18:00:00Z'),
      }),
      {maxLength: 3},
    ),
  })
  .map((row) => ({...row, because: row.verdict === 'exempt' ? ('mesh-port' as const) : null}))

const finding: fc.Arbitrary<Finding> = fc.record({
  subject: fc.record(
    {kind: fc.constantFrom('PeerAuthentication', 'Pod'), namespace: name, name, file: hostile, line: fc.integer({min: 1, max: 99})},
    {requiredKeys: ['kind', 'name']},
  ),
  message: hostile,
  hint: hostile,
  fix: hostile,
  severity,
  endpoints: fc.array(hostile, {maxLength: 2}),
})

const result: fc.Arbitrary<CheckResult> = fc
  .record({
    code: fc.integer({min: 101, max: 899}).map((number) => `M${number}`),
    slug: fc.constant('m000-slug'),
    status: fc.constantFrom('pass' as const, 'pass' as const, 'fail' as const, 'unknown' as const, 'skipped' as const),
    severity,
    title: fc.constant('The mesh requires mutual TLS'),
    why: fc.constant('Without it any pod can call any other.'),
    docs: fc.constantFrom('docs/checks/m301.md', 'https://example.com/docs/checks/m301.md'),
    reason: hostile,
    findings: fc.array(finding, {maxLength: 3}),
  })
  .map((one) => (one.status === 'fail' ? one : {...one, findings: []}))

const stage: fc.Arbitrary<Stage> = fc.record({
  name: fc.constantFrom('connect', 'install', 'enforce', 'observe'),
  status: fc.constantFrom('done' as const, 'done' as const, 'done' as const, 'failed' as const, 'skipped' as const),
  ms: fc.nat(400_000),
  changed: fc.boolean(),
  says: hostile,
  steps: fc.array(fc.record({name: hostile, ms: fc.nat(9000), says: hostile}), {maxLength: 2}),
  cure: hostile,
  entry: fc.constant('entry'),
})

/** The inputs that judge, in any combination. */
export const gate: fc.Arbitrary<Partial<Inputs>> = fc.record({
  failOn: fc.constantFrom('warning' as const, 'error' as const, 'never' as const),
  require: fc.constantFrom('proven' as const, 'configured' as const),
  minCoverage: fc.constantFrom(0, 50, 99.9, 100),
  allowEmpty: fc.boolean(),
  mtlsMode: fc.constantFrom('STRICT' as const, 'PERMISSIVE' as const),
})

/** All that a report is made from, names and answers hostile. */
export const parts: fc.Arbitrary<ReportParts> = fc.record({
  inputs: fc
    .record({gate, clusterName: hostile, ignore: fc.array(hostile, {maxLength: 1})})
    .map(({gate, ...more}) => inputs({...gate, ...more})),
  snapshot: fc.boolean().map((whole) => snapshot({pods: whole ? read([]) : unread('no right to list pods')})),
  endpoints: fc.array(endpoint, {maxLength: 8}),
  results: fc.array(result, {maxLength: 6}),
  stages: fc.array(stage, {maxLength: 4}),
  notes: fc.array(hostile, {maxLength: 2}),
})
