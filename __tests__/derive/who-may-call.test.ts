import {readFileSync} from 'node:fs'
import type {Authorization} from '../../src/model/authorization.ts'
import {unread} from '../../src/model/part.ts'
import {manifestFrom} from '../../src/observe/manifests-parse.ts'
import {withSimulatedPods} from '../../src/observe/simulated-pods.ts'
import {snapshotFrom} from '../../src/observe/snapshot-from.ts'
import {whoMayCall} from '../../src/derive/who-may-call.ts'
import {callersText, tokenText} from '../../src/report/authorization-words.ts'
import {asked} from '../helpers/fixture.ts'

const workload = `
apiVersion: v1
kind: Namespace
metadata: {name: till, labels: {istio-injection: enabled}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: till, namespace: till}
spec:
  selector: {matchLabels: {app: till}}
  template:
    metadata: {labels: {app: till}}
    spec: {containers: [{name: app, image: "example.com/till:1"}]}
`
const policy = (spec: string, metadata = 'name: p, namespace: till') =>
  `\n---\napiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {${metadata}}\nspec: ${spec}\n`
const issuer = `\n---\napiVersion: security.istio.io/v1\nkind: RequestAuthentication\nmetadata: {name: r, namespace: till}\nspec: {jwtRules: [{issuer: "https://i.test", jwksUri: "https://i.test/keys"}]}\n`

function snapshotOf(text: string) {
  const base = manifestFrom(readFileSync(`${import.meta.dirname}/../fixtures/base.yaml`, 'utf8'), 'base.yaml').objects
  const objects = [...base, ...manifestFrom(workload + text, 'p.yaml').objects]
  return withSimulatedPods(snapshotFrom(objects, asked, {takenAt: '2026-11-22T20:00:00Z'}))
}

function till(text: string): Authorization {
  return whoMayCall(snapshotOf(text))?.find(({namespace, workload: {name}}) => namespace === 'till' && name === 'till') as Authorization
}

// Each row as Istio decides a call: CUSTOM, then DENY, then ALLOW; policies of one action are alternatives.
test.each<[string, string, string, string]>([
  ['no policy', '', 'anyone', 'none'],
  ['one identity', policy('{rules: [{from: [{source: {principals: [a/ns/x/sa/y]}}]}]}'), '`a/ns/x/sa/y`', 'none'],
  ['two sources', policy('{rules: [{from: [{source: {namespaces: [x]}}, {source: {principals: [y]}}]}]}'), '`namespace x` or `y`', 'none'],
  [
    'fields of one source',
    policy('{rules: [{from: [{source: {namespaces: [x, z], ipBlocks: [10.0.0.0/8]}}]}]}'),
    '`namespace x or namespace z and address 10.0.0.0/8`',
    'none',
  ],
  ['an operation', policy('{rules: [{to: [{operation: {methods: [GET], paths: [/a, /b]}}]}]}'), 'anyone for `GET /a or /b`', 'none'],
  [
    'a condition',
    policy('{rules: [{when: [{key: source.namespace, notValues: [x]}]}]}'),
    'anyone where `source.namespace is not x`',
    'none',
  ],
  ['an open rule beside others', policy('{rules: [{from: [{source: {principals: [y]}}]}, {}]}'), 'anyone', 'none'],
  ['no rules at all', policy('{}'), 'nobody', 'none'],
  [
    'no rules, and a rule elsewhere',
    policy('{}') + policy('{rules: [{from: [{source: {principals: [y]}}]}]}', 'name: q, namespace: till'),
    '`y`',
    'none',
  ],
  ['a DENY beside', policy('{action: DENY, rules: [{from: [{source: {principals: [y]}}]}]}'), 'anyone; never `y`', 'none'],
  ['a DENY of all', policy('{action: DENY, rules: [{}]}'), 'nobody', 'none'],
  ['an AUDIT policy', policy('{action: AUDIT, rules: [{}]}'), 'anyone', 'none'],
  ['an external authorizer', policy('{action: CUSTOM, provider: {name: opa}, rules: [{}]}'), 'anyone; asked besides: `opa`', 'none'],
  ['only tried', policy('{}', 'name: p, namespace: till, annotations: {istio.io/dry-run: "true"}'), 'anyone', 'none'],
  ['another workload', policy('{selector: {matchLabels: {app: web}}}'), 'anyone', 'none'],
  ['the root namespace', policy('{}', 'name: p, namespace: istio-system'), 'nobody', 'none'],
  ['another revision', policy('{}', 'name: p, namespace: till, labels: {istio.io/rev: canary}'), 'anyone', 'none'],
  ['a token that is read', issuer, 'anyone', 'not demanded, a wrong one of `https://i.test` is refused'],
  [
    'a token that every rule wants',
    issuer + policy('{rules: [{from: [{source: {requestPrincipals: ["*"]}}]}]}'),
    '`token *`',
    'demanded of `https://i.test`',
  ],
  [
    'a token that some rules want',
    issuer + policy('{rules: [{from: [{source: {requestPrincipals: ["*"]}}]}, {from: [{source: {principals: [y]}}]}]}'),
    '`token *`; or `y`',
    'for some calls of `https://i.test`',
  ],
  [
    'a claim',
    issuer + policy('{rules: [{when: [{key: "request.auth.claims[g]", values: [a]}]}]}'),
    'anyone where `request.auth.claims[g] is a`',
    'demanded of `https://i.test`',
  ],
  [
    'a DENY without token',
    issuer + policy('{action: DENY, rules: [{from: [{source: {notRequestPrincipals: ["*"]}}]}]}'),
    'anyone',
    'demanded of `https://i.test`',
  ],
  [
    'a DENY without token for one path',
    issuer + policy('{action: DENY, rules: [{from: [{source: {notRequestPrincipals: ["*"]}}], to: [{operation: {paths: [/x]}}]}]}'),
    'anyone; never `not token *` for `/x`',
    'for some calls of `https://i.test`',
  ],
  [
    'a token that nobody reads',
    policy('{rules: [{from: [{source: {requestPrincipals: ["*"]}}]}]}'),
    '`token *`; a token is demanded, but no RequestAuthentication reads one: no such call gets through',
    'demanded',
  ],
])('%s', (_, text, callers, token) => {
  const found = till(text)
  expect(callersText(found)).toBe(callers)
  expect(tokenText(found)).toBe(token)
})

test('a rule carries the policy that makes it, with file and line', () => {
  expect(till(policy('{rules: [{from: [{source: {principals: [y]}}]}]}')).allowed).toEqual([
    {
      from: ['y'],
      to: [],
      when: [],
      policy: {kind: 'AuthorizationPolicy', namespace: 'till', name: 'p', file: 'p.yaml', line: expect.any(Number)},
    },
  ])
})

test('where a part was not read, nobody is said to be let in', () => {
  for (const part of ['authorizationPolicies', 'requestAuthentications', 'pods', 'mesh'] as const)
    expect(whoMayCall({...snapshotOf(''), [part]: unread('403')})).toBeNull()
})

test('a pod without a proxy heeds no policy, and that is said', () => {
  const text = policy('{}').replace('kind: AuthorizationPolicy', 'kind: AuthorizationPolicy')
  const snapshot = snapshotOf(text)
  if (!snapshot.pods.read) throw new Error('pods')
  const pods = snapshot.pods.value.map((pod) => ({...pod, annotations: {}, containers: pod.containers.slice(0, 0), initContainers: []}))
  const [found] = (whoMayCall({...snapshot, pods: {read: true, value: pods}}) ?? []).filter(({namespace}) => namespace === 'till')
  expect(callersText(found as Authorization)).toBe('anyone; policies select it, but it runs without a proxy: none is in force')
})
