import {controlPlanesElsewhere, elsewhereProblems} from '../../src/install/elsewhere.ts'
import type {FoundIstiod} from '../../src/install/found.ts'
import {missingPullSecrets, type PullSecretWish} from '../../src/install/pull-secrets.ts'
import {clockSkew, revisionSkew, versionSkew} from '../../src/install/skew.ts'
import {judgeStale, staleWebhooks} from '../../src/install/stale-webhooks.ts'
import {findWebhooks, webhookPaths} from '../../src/install/webhooks-found.ts'
import {fakeIo} from '../helpers/fake-io.ts'

test.each<[string, string, string, RegExp[]]>([
  ['1.31.1', 'v4.3.1', 'v1.37.2', []],
  ['1.31.1', 'v4.2.4', 'v1.37.2', [/^helm v4\.2\.4 is tested with Kubernetes 1\.33 to 1\.36, this cluster runs v1\.37\.2/]],
  ['1.31.1', 'v3.18.6', 'v1.33.0', []],
  [
    '1.31.1',
    'v3.18.6',
    'v1.29.4',
    [/^Istio 1\.31\.1 is tested with Kubernetes 1\.32 to 1\.37/, /^helm v3\.18\.6 is tested with Kubernetes 1\.30 to 1\.33/],
  ],
  ['1.30.4', 'v4.1.0', 'v1.35.1-gke.100', []],
  ['1.31.1', 'v4.2.1', 'v1.36.0', [/^helm v4\.2\.1 skips hook jobs/]],
  ['1.31.1', 'v4.3.1', '', []],
  ['1.31.1', 'v4.3.1', 'not a version', []],
])('Istio %s by helm %s on Kubernetes `%s` warns of %j', (istioVersion, helmVersion, kubernetes, warnings) => {
  const said = versionSkew({istioVersion, helmVersion}, kubernetes)
  expect(said).toHaveLength(warnings.length)
  for (const [at, pattern] of warnings.entries()) expect(said[at]).toMatch(pattern)
})

test.each([
  ['1.31.1', '1.29.4', 0],
  ['1.31.1', '1.28.0', 1],
  ['1.31.1', '', 0],
])('Istio %s beside a revision of %s warns %d times', (wanted, version, count) => {
  expect(revisionSkew(wanted, [{revision: 'old', version}])).toHaveLength(count)
})

const now = Date.parse('2026-11-22T18:00:00Z')
test.each([
  ['the same moment', 'Sun, 22 Nov 2026 18:00:00 GMT', []],
  ['a minute apart', 'Sun, 22 Nov 2026 18:01:00 GMT', []],
  ['a server ahead', 'Sun, 22 Nov 2026 18:05:00 GMT', [expect.stringMatching(/300 s behind the API server/)]],
  ['a server behind', 'Sun, 22 Nov 2026 17:58:00 GMT', [expect.stringMatching(/120 s ahead of the API server/)]],
  ['no date at all', undefined, []],
])('clock skew: %s', (_, date, warnings) => {
  expect(clockSkew(date, now)).toEqual(warnings)
})

const webhook = (name: string, labels: object, clientConfig: object, more: object = {}) => ({
  metadata: {name, labels},
  webhooks: [{name: `${name}.test`, clientConfig, rules: [{apiGroups: [''], resources: ['pods']}], ...more}],
})
const service = (namespace: string, name: string) => ({service: {namespace, name}})
/** A cluster with these configurations, and the Services named. */
async function judged(mutating: object[], services: string[], coming = ['istio-system/istiod']) {
  const io = fakeIo({
    kube: {
      [`GET ${webhookPaths[0]}`]: mutating,
      [`GET ${webhookPaths[1]}`]: [],
      ...Object.fromEntries(
        services
          .map((each) => each.split('/'))
          .map(([space, name]) => [`GET /api/v1/namespaces/${space}/services/${name}`, {metadata: {name}}]),
      ),
    },
  })
  const webhooks = await findWebhooks(io.kube)
  const stale = await staleWebhooks(webhooks, io.kube)
  const {problems, warnings} = judgeStale(stale, coming, {'kubernetes.io/metadata.name': 'istio-system'})
  return {problems: problems.map(({says}) => says), warnings, elsewhere: controlPlanesElsewhere(webhooks, stale, istiods)}
}
const istiods: FoundIstiod[] = [
  {namespace: 'istio-system', name: 'istiod', revision: 'default', version: '1.31.1', owner: {by: 'unknown', name: ''}, createdAt: ''},
]
const injector = {app: 'sidecar-injector'}

test.each<[string, object[], string[], {problems?: RegExp; warnings?: RegExp}]>([
  ['one whose Service is there', [webhook('policy', {}, service('policy', 'gate'))], ['policy/gate'], {}],
  [
    'one that would refuse the pods of istiod',
    [webhook('policy', {}, service('policy', 'gate'))],
    [],
    {
      problems:
        /^Webhook `policy\.test` of MutatingWebhookConfiguration `policy` points at Service `policy\/gate`, which does not exist: it would refuse/,
    },
  ],
  ['one that gives way', [webhook('policy', {}, service('policy', 'gate'), {failurePolicy: 'Ignore'})], [], {}],
  [
    'one that selects other namespaces',
    [webhook('policy', {}, service('policy', 'gate'), {namespaceSelector: {matchLabels: {team: 'a'}}})],
    [],
    {},
  ],
  [
    'one that selects other kinds',
    [webhook('policy', {}, service('policy', 'gate'), {rules: [{apiGroups: ['batch'], resources: ['jobs']}]})],
    [],
    {},
  ],
  [
    "a leftover injector of Istio's, which is in nobody's way here",
    [
      webhook('istio-sidecar-injector-old', {...injector, 'istio.io/rev': 'old'}, service('istio-system', 'istiod-old'), {
        namespaceSelector: {matchLabels: {'istio.io/rev': 'old'}},
      }),
    ],
    [],
    {
      warnings:
        /`istio-system\/istiod-old`, which does not exist\. If nobody needs it: `kubectl delete mutatingwebhookconfiguration istio-sidecar-injector-old`/,
    },
  ],
  ['one whose Service this run makes', [webhook('istio-sidecar-injector', injector, service('istio-system', 'istiod'))], [], {}],
])('webhooks that point at nothing: %s', async (_, mutating, services, {problems, warnings}) => {
  const answer = await judged(mutating, services)
  expect([answer.problems.length, answer.warnings.length]).toEqual([problems ? 1 : 0, warnings ? 1 : 0])
  if (problems) expect(answer.problems[0]).toMatch(problems)
  if (warnings) expect(answer.warnings[0]).toMatch(warnings)
})

test.each<[string, object, string[], string[]]>([
  [
    'an istiod that runs here',
    webhook('a', {...injector, 'istio.io/rev': 'default'}, service('istio-system', 'istiod')),
    ['istio-system/istiod'],
    [],
  ],
  [
    "Google's managed one, by its revision",
    webhook('istiod-asm-managed', {...injector, 'istio.io/rev': 'asm-managed'}, {url: 'https://meshconfig.example/inject'}),
    [],
    ["asm-managed: Google's managed Cloud Service Mesh"],
  ],
  [
    "Google's, by its address",
    webhook('a', {...injector, 'istio.io/rev': 'x'}, {url: 'https://europe-west1-meshcontrolplane.googleapis.com/inject'}),
    [],
    ["x: Google's managed Cloud Service Mesh"],
  ],
  [
    'one in another cluster',
    webhook('a', {...injector, 'istio.io/rev': 'remote'}, {url: 'https://mesh.corp.test:15017/inject'}),
    [],
    ['remote: a control plane at `mesh.corp.test:15017`'],
  ],
  [
    'the add-on of AKS',
    webhook('a', {...injector, 'istio.io/rev': 'asm-1-30'}, service('aks-istio-system', 'istiod-asm-1-30')),
    ['aks-istio-system/istiod-asm-1-30'],
    ['asm-1-30: the AKS service mesh add-on'],
  ],
  [
    'a leftover behind which nothing runs',
    webhook('a', {...injector, 'istio.io/rev': 'old'}, service('istio-system', 'istiod-old')),
    [],
    [],
  ],
  ['a webhook of others', webhook('a', {app: 'policy'}, {url: 'https://policy.test/'}), [], []],
])('a control plane elsewhere: %s', async (_, configuration, services, expected) => {
  const {elsewhere} = await judged([configuration], services)
  expect(elsewhere.map(({revision, name}) => `${revision}: ${name}`)).toEqual(expected)
})

test.each([
  ['auto', '', 1],
  ['auto', 'canary', 1],
  ['always', 'canary', 0],
  ['always', 'asm-managed', 1],
])('beside a control plane elsewhere, `install: %s` with revision `%s` meets %d problems', (install, revision, count) => {
  const problems = elsewhereProblems([{revision: 'asm-managed', name: 'a vendor'}], {install, revision})
  expect(problems.map(({entry}) => entry)).toEqual(Array(count).fill('foreign-installation'))
})

const wish: PullSecretWish = {
  ...{imagePullSecrets: ['regcred'], namespaces: ['*'], excludeNamespaces: ['kube-*'], enroll: false},
  ...{profile: 'sidecar', platform: '', cniValues: ''},
}
const places = [
  {namespace: 'shop', injected: true},
  {namespace: 'plain', injected: false},
  {namespace: 'kube-public', injected: true},
]
test.each<[string, Partial<PullSecretWish>, string[], string[], string[]]>([
  ['where it is needed', {}, ['istio-system', 'shop'], [], []],
  ['not for istiod', {}, ['shop'], ['`istio-system`'], []],
  ['not for proxies', {}, ['istio-system'], [], ['`shop`']],
  ['not for proxies that enroll restarts', {enroll: true}, ['istio-system'], ['`shop`'], []],
  ['not for the agents of OpenShift', {platform: 'openshift'}, ['istio-system', 'shop'], ['`kube-system`'], []],
  ['not outside of the scope', {namespaces: ['plain']}, ['istio-system'], [], []],
])('pull secrets: %s', (_, changes, present, problems, warnings) => {
  const answer = missingPullSecrets({...wish, ...changes}, places, {regcred: present})
  const where = (text: string) => text.match(/missing in (.*?)(,|:) (which|pods)/)?.[1]
  expect([answer.problems.map(({says}) => where(says)), answer.warnings.map(where)]).toEqual([problems, warnings])
})
