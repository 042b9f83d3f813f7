import {readFileSync} from 'node:fs'
import {parseAllDocuments} from 'yaml'
import type {FoundIstiod, FoundRelease} from '../../src/install/found.ts'
import {formerLabels, labelsToGiveBack} from '../../src/install/enrolled.ts'
import type {Installed} from '../../src/install/installed.ts'
import type {Thing} from '../../src/install/thing.ts'
import type {Meshed} from '../../src/install/meshed.ts'
import {isDeleted, type OurPolicy, restorePatch} from '../../src/install/our-policies.ts'
import {uninstallPermissions} from '../../src/install/uninstall-permissions.ts'
import {isNothing, planUninstall, type UninstallWish} from '../../src/install/uninstall-plan.ts'

const wish: UninstallWish = {install: 'auto', revision: '', purgeCrds: false}
const thing = (path: string, kind = 'ConfigMap'): Thing => {
  const [name = ''] = path.split('/').slice(-1)
  return {kind, namespace: /namespaces\/([^/]+)/.exec(path)?.[1] ?? '', name, path, uid: 'u'}
}
const release = (name: string): FoundRelease => ({
  ...{name, namespace: 'istio-system', helmRevision: 1, status: 'deployed', since: 0, good: 0},
  mark: {version: '1.31.1', chart: '', values: '', helmRevision: 1},
})
const istiod = (revision: string, by: FoundIstiod['owner'] = {by: 'helm', release: 'istiod', namespace: 'istio-system'}): FoundIstiod => ({
  ...{namespace: 'istio-system', name: 'istiod', revision, version: '1.31.1', owner: by, createdAt: ''},
})
const policy = (more: Partial<OurPolicy> = {}): OurPolicy => ({
  ...thing('/apis/security.istio.io/v1/namespaces/istio-system/peerauthentications/default', 'PeerAuthentication'),
  resourceVersion: '7',
  spec: {mtls: {mode: 'STRICT'}},
  former: null,
  isOthers: false,
  annotations: {},
  ...more,
})
const webhooks = '/apis/admissionregistration.k8s.io/v1'
const one: Installed = {
  namespace: {exists: true, isOurs: true, uid: 'ns', path: '/api/v1/namespaces/istio-system'},
  releases: [release('istiod'), release('istio-base')],
  istiods: [istiod('default')],
  lost: [],
  strangers: [],
  elsewhere: [],
  webhooks: [{...thing(`${webhooks}/mutatingwebhookconfigurations/istio-sidecar-injector`), release: 'istiod', isTag: false}],
  policies: [policy()],
  enrolled: [],
  leftovers: [thing('/api/v1/namespaces/shop/configmaps/istio-ca-root-cert')],
  crds: [{...thing('/apis/apiextensions.k8s.io/v1/customresourcedefinitions/sidecars.networking.istio.io'), list: '/x'}],
  meshed: [],
}
const tagAt = (release: string) => ({...thing(`${webhooks}/mutatingwebhookconfigurations/istio-revision-tag-prod`), release, isTag: true})
const stranger = istiod('prod', {by: 'istioctl', name: 'istioctl'})
const shape = ({releases, webhooks: hooks, policies, leftovers, crds, namespace, problems}: ReturnType<typeof planUninstall>) => [
  ...releases.map(({name}) => name),
  `${hooks.length} webhooks, ${policies.length} policies, ${leftovers.length} left, ${crds.length} CRDs${namespace ? ', namespace' : ''}`,
  ...problems.map(({entry}) => entry),
]

test.each<[string, Partial<UninstallWish>, Partial<Installed>, string[]]>([
  ['all of it', {}, {}, ['istiod', 'istio-base', '1 webhooks, 1 policies, 1 left, 0 CRDs, namespace']],
  ['with its CRDs where asked', {purgeCrds: true}, {}, ['istiod', 'istio-base', '1 webhooks, 1 policies, 1 left, 1 CRDs, namespace']],
  [
    'not the namespace that others made',
    {},
    {namespace: {...one.namespace, isOurs: false}},
    ['istiod', 'istio-base', '1 webhooks, 1 policies, 1 left, 0 CRDs'],
  ],
  [
    'nothing that a stranger needs',
    {purgeCrds: true},
    {strangers: [stranger]},
    ['istiod', 'istio-base', '1 webhooks, 1 policies, 0 left, 0 CRDs'],
  ],
  [
    'nothing that a control plane outside of the cluster needs',
    {purgeCrds: true},
    {elsewhere: ["Google's managed Cloud Service Mesh (revision `asm-managed`)"]},
    ['istiod', 'istio-base', '1 webhooks, 1 policies, 0 left, 0 CRDs'],
  ],
  ['the policies alone with install: never', {install: 'never'}, {strangers: [stranger]}, ['0 webhooks, 1 policies, 0 left, 0 CRDs']],
  [
    'nothing of a foreign installation, as often as it is asked: nothing of ours is left',
    {},
    {releases: [], istiods: [], webhooks: [], policies: [], leftovers: [], strangers: [stranger]},
    ['0 webhooks, 0 policies, 0 left, 0 CRDs'],
  ],
  [
    'one revision beside another of ours',
    {revision: 'canary', purgeCrds: true},
    {
      releases: [release('istiod-canary')],
      istiods: [istiod('default'), istiod('canary')],
      webhooks: [
        ...one.webhooks,
        {...thing(`${webhooks}/mutatingwebhookconfigurations/istio-sidecar-injector-canary`), release: 'istiod-canary', isTag: false},
      ],
    },
    ['istiod-canary', '1 webhooks, 0 policies, 0 left, 0 CRDs'],
  ],
  [
    'one revision beside another of ours whose Deployment somebody deleted',
    {revision: 'canary', purgeCrds: true},
    {releases: [...one.releases, release('istiod-canary')], istiods: [istiod('canary')]},
    ['istiod-canary', '0 webhooks, 0 policies, 0 left, 0 CRDs'],
  ],
  [
    'all of it where the revision is the only one',
    {revision: 'canary'},
    {releases: [release('istiod-canary'), release('istio-base')], istiods: [istiod('canary')], webhooks: []},
    ['istiod-canary', 'istio-base', '0 webhooks, 1 policies, 1 left, 0 CRDs, namespace'],
  ],
  ['nothing where the revision is none of ours', {revision: 'other'}, {}, ['0 webhooks, 0 policies, 0 left, 0 CRDs']],
  [
    'a tag of ours that points at a revision which is gone',
    {},
    {webhooks: [...one.webhooks, tagAt('istiod-gone')]},
    ['istiod', 'istio-base', '2 webhooks, 1 policies, 1 left, 0 CRDs, namespace'],
  ],
  [
    'it alone, where no release is left at all',
    {},
    {
      releases: [],
      istiods: [],
      policies: [],
      leftovers: [],
      webhooks: [tagAt('istiod-gone')],
      namespace: {...one.namespace, isOurs: false},
    },
    ['1 webhooks, 0 policies, 0 left, 0 CRDs'],
  ],
  [
    'no tag that a stranger serves',
    {},
    {webhooks: [...one.webhooks, tagAt('istiod-prod')], strangers: [stranger]},
    ['istiod', 'istio-base', '1 webhooks, 1 policies, 0 left, 0 CRDs'],
  ],
  ['no tag with install: never', {install: 'never'}, {webhooks: [tagAt('istiod-gone')]}, ['0 webhooks, 1 policies, 0 left, 0 CRDs']],
  [
    'nothing while helm has lost a record',
    {},
    {releases: [release('istio-base')], istiods: [], lost: [istiod('default')], webhooks: []},
    ['istio-base', '0 webhooks, 1 policies, 1 left, 0 CRDs, namespace', 'release-lost'],
  ],
  [
    'no agent that carries traffic',
    {},
    {
      releases: [release('ztunnel'), ...one.releases],
      meshed: [{namespace: 'shop', kind: 'Deployment', name: 'web', revision: '', dataPlane: 'ambient'}],
    },
    ['ztunnel', 'istiod', 'istio-base', '1 webhooks, 1 policies, 1 left, 0 CRDs, namespace', 'ambient-enrolled'],
  ],
])('takes away %s', (_, wanted, found, expected) => {
  expect(shape(planUninstall({...wish, ...wanted}, {...one, ...found}))).toEqual(expected)
})

test('an empty cluster is nothing to do', () => {
  const empty = {...one, releases: [], istiods: [], webhooks: [], policies: [], leftovers: [], crds: []}
  const plan = planUninstall(wish, {...empty, namespace: {...one.namespace, exists: false, isOurs: false}})
  expect([isNothing(plan), plan.problems, plan.notes]).toEqual([true, [], []])
})

test('workloads that keep a sidecar are named with what to type', () => {
  const meshed: Meshed[] = ['web', 'cart'].map((name) => ({
    namespace: 'shop',
    kind: 'Deployment',
    name,
    revision: 'default',
    dataPlane: 'sidecar',
  }))
  const bare: Meshed = {namespace: 'shop', kind: 'Job', name: 'seed', revision: 'default', dataPlane: 'sidecar'}
  const [note] = planUninstall(wish, {...one, meshed: [...meshed, bare]}).notes
  expect(note).toContain('shop/Deployment web, shop/Deployment cart, shop/Job seed')
  expect(note).toContain('`kubectl -n shop rollout restart deployment web cart`')
})

const formerSpec = {selector: {matchLabels: {app: 'x'}}, mtls: {mode: 'PERMISSIVE'}, portLevelMtls: {'80': {mode: 'DISABLE'}}}
const taken = {...formerSpec, mtls: {mode: 'STRICT'}}
const annotations = {'istio-mtls/previous-spec': JSON.stringify(formerSpec), 'istio-mtls/previous-managed-by': 'Helm', theirs: 'stays'}

test.each<[string, Partial<OurPolicy>, object]>([
  [
    'gets its spec, its label and no mark of ours',
    {spec: taken, former: {spec: formerSpec, managedBy: 'Helm'}, annotations},
    {
      metadata: {
        resourceVersion: '7',
        labels: {'app.kubernetes.io/managed-by': 'Helm'},
        annotations: {'istio-mtls/previous-spec': null, 'istio-mtls/previous-managed-by': null},
      },
      spec: formerSpec,
    },
  ],
  [
    'that had no mode loses it again',
    {spec: {mtls: {mode: 'STRICT'}}, former: {spec: {}, managedBy: null}},
    {metadata: {resourceVersion: '7', labels: {'app.kubernetes.io/managed-by': null}, annotations: {}}, spec: {mtls: null}},
  ],
  [
    'whose mode others lowered since keeps what they wrote: no take-over writes DISABLE',
    {spec: {...formerSpec, mtls: {mode: 'DISABLE'}}, former: {spec: formerSpec, managedBy: null}},
    {metadata: {resourceVersion: '7', labels: {'app.kubernetes.io/managed-by': null}, annotations: {}}},
  ],
  [
    'that others changed since keeps what they wrote',
    {spec: {...taken, portLevelMtls: {}}, former: {spec: formerSpec, managedBy: null}},
    {metadata: {resourceVersion: '7', labels: {'app.kubernetes.io/managed-by': null}, annotations: {}}},
  ],
])('a policy that was taken over %s', (_, more, patch) => {
  expect(isDeleted(policy(more))).toBe(false)
  expect(restorePatch(policy(more))).toEqual(patch)
})

test('a policy that was there before we applied to it stays, and is named', () => {
  const others = policy({isOthers: true})
  expect(isDeleted(others)).toBe(false)
  expect(restorePatch(others)).not.toHaveProperty('spec')
  expect(planUninstall(wish, {...one, policies: [others]}).notes[0]).toMatch(/was there before.*it stays/)
})

test('the roles `enforce` and `uninstall` grant all that an uninstall asks for, save deleting the namespace', () => {
  const rules = ['enforce.yaml', 'uninstall.yaml'].flatMap((file) =>
    parseAllDocuments(readFileSync(`${import.meta.dirname}/../../rbac/${file}`, 'utf8')).flatMap((document) => {
      const {metadata, rules} = document.toJS() as {
        metadata: {name: string}
        rules: {apiGroups: string[]; resources: string[]; verbs: string[]; resourceNames?: string[]}[]
      }
      return rules.map((rule) => ({...rule, isBoundInRoot: metadata.name === 'istio-mtls-enforce-istio-system'}))
    }),
  )
  const plan = planUninstall(
    {...wish, purgeCrds: true},
    {
      ...one,
      policies: [policy(), policy({former: {spec: {}, managedBy: null}})],
      enrolled: [{name: 'shop', path: '/api/v1/namespaces/shop', resourceVersion: '1', labels: {}, former: {}}],
      leftovers: [
        ...['a', 'b', 'c', 'd'].map((name) => thing(`/api/v1/namespaces/${name}/configmaps/istio-ca-root-cert`)),
        thing('/api/v1/namespaces/istio-system/secrets/istio-ca-secret', 'Secret'),
        thing('/apis/coordination.k8s.io/v1/namespaces/istio-system/leases/istio-leader', 'Lease'),
      ],
    },
  )
  const asked = uninstallPermissions(plan)
  const lacking = asked.flatMap(({group, resource, verbs, namespace, name}) =>
    verbs
      .filter(
        (verb) =>
          !rules.some(
            (rule) =>
              (!rule.isBoundInRoot || namespace === 'istio-system') &&
              rule.apiGroups.includes(group) &&
              (rule.resources.includes(resource) || rule.resources.includes('*')) &&
              (rule.verbs.includes(verb) || rule.verbs.includes('*')) &&
              (rule.resourceNames === undefined || rule.resourceNames.includes(name ?? '')),
          ),
      )
      .map((verb) => `${verb} ${resource}`),
  )
  expect(lacking).toEqual(['delete namespaces'])
  expect(asked.filter(({resource, name}) => resource === 'configmaps' && name === 'istio-ca-root-cert')).toHaveLength(1)
})

test.each<[string, string, object]>([
  [
    'what enrolling writes',
    '{"istio-injection":null,"istio.io/rev":"blue","istio.io/dataplane-mode":null}',
    {'istio-injection': null, 'istio.io/rev': 'blue', 'istio.io/dataplane-mode': null},
  ],
  ['another label', '{"pod-security.kubernetes.io/enforce":"privileged","istio-injection":"enabled"}', {'istio-injection': 'enabled'}],
  ['no text', '{"istio-injection":{"a":1}}', {}],
  ['a list', '["istio-injection"]', {}],
  ['null', 'null', {}],
  ['torn', '{"istio-inj', {}],
])('of former labels that a namespace claims, only those of enrolling come back: %s', (_, text, expected) => {
  expect(formerLabels(text)).toEqual(expected)
})

test.each<[string, Record<string, string>, Record<string, string | null>, object]>([
  ['ours goes', {'istio-injection': 'enabled'}, {'istio-injection': null}, {former: {'istio-injection': null}, kept: []}],
  ['what we removed comes back', {}, {'istio-injection': 'disabled'}, {former: {'istio-injection': 'disabled'}, kept: []}],
  ['a revision of ours goes', {'istio.io/rev': 'canary'}, {'istio.io/rev': null}, {former: {'istio.io/rev': null}, kept: []}],
  ["a stranger's revision stays", {'istio.io/rev': 'prod'}, {'istio.io/rev': null}, {former: {}, kept: ['istio.io/rev=prod']}],
  [
    'what another turned off stays off',
    {'istio-injection': 'disabled'},
    {'istio-injection': null},
    {former: {}, kept: ['istio-injection=disabled']},
  ],
  ['what is as it was is no change of others', {'istio-injection': 'disabled'}, {'istio-injection': 'disabled'}, {kept: []}],
  [
    'each label for itself',
    {'istio.io/dataplane-mode': 'none', 'istio-injection': 'enabled'},
    {'istio.io/dataplane-mode': 'ambient', 'istio-injection': null},
    {former: {'istio-injection': null}, kept: ['istio.io/dataplane-mode=none']},
  ],
])('of the labels of a namespace %s', (_, labels, former, expected) => {
  expect(labelsToGiveBack({labels, former}, ['prod'])).toMatchObject(expected)
})

test('a label that others wrote over ours is named, and stays', () => {
  const shop = {
    name: 'shop',
    path: '/api/v1/namespaces/shop',
    resourceVersion: '1',
    labels: {'istio.io/rev': 'prod'},
    former: {'istio.io/rev': null},
  }
  const plan = planUninstall(wish, {...one, enrolled: [shop], strangers: [stranger]})
  expect(plan.enrolled).toEqual([{...shop, former: {}}])
  expect(plan.notes.join('\n')).toContain('Namespace shop was labelled `istio.io/rev=prod` by others')
  expect(planUninstall(wish, {...one, enrolled: [shop], othersRevisions: ['prod']}).enrolled).toEqual(plan.enrolled)
})

test.each<[string, Partial<UninstallWish>, boolean | undefined, boolean]>([
  ['goes where a killed repair left it', {}, true, true],
  ['is looked for', {}, false, false],
  ['stays where Istio stays', {install: 'never'}, true, false],
])('the note of a repair %s', (_, more, isNoted, note) => {
  expect(planUninstall({...wish, ...more}, {...one, namespace: {...one.namespace, isNoted}}).note).toBe(note)
})

test('an installation of others is named, and no reason to fail: after an uninstall beside it the next one finds nothing either', () => {
  const left = planUninstall(wish, {...one, releases: [], istiods: [], webhooks: [], policies: [], leftovers: [], strangers: [stranger]})
  expect([isNothing(left), left.problems]).toEqual([true, []])
  expect(left.notes).toContain('Left alone: istiod 1.31.1 (Deployment `istio-system/istiod`, istioctl).')
})
