import {defaultMesh} from '../../src/derive/mesh-for.ts'
import type {Found, FoundMesh, FoundPolicy} from '../../src/enforce/found.ts'
import {managedBy, planEnforce, type Wish} from '../../src/enforce/plan.ts'

const wish: Wish = {mtlsMode: 'STRICT', takeOver: false, namespaces: ['*'], excludeNamespaces: ['kube-*'], allowEmpty: true, revision: ''}
const root = 'istio-system'
const mesh = (more: Partial<FoundMesh> = {}): FoundMesh => ({...defaultMesh, readyReplicas: 1, ...more})
const namespace = (name: string, phase = 'Active', labels: Record<string, string> = {}) => ({
  name,
  uid: name,
  phase,
  labels,
  annotations: {},
})
const policy = (name: string, mode: FoundPolicy['mode'], more: Partial<FoundPolicy> = {}): FoundPolicy => ({
  namespace: root,
  name,
  uid: name,
  createdAt: '2026-01-02T00:00:00Z',
  generation: 1,
  labels: {},
  annotations: {},
  selector: null,
  mode,
  ports: {},
  spec: {mtls: {mode}},
  resourceVersion: '7',
  ...more,
})
const ours = (mode: FoundPolicy['mode'], more: Partial<FoundPolicy> = {}) => policy('default', mode, {labels: managedBy, ...more})
const older = {createdAt: '2025-01-01T00:00:00Z'}
const shop = {namespace: 'shop'}

interface Case {
  wish?: Partial<Wish>
  meshes?: FoundMesh[]
  namespaces?: Found['namespaces']
  policies?: FoundPolicy[]
}

function planned({
  wish: changes = {},
  meshes = [mesh()],
  namespaces = [root, 'shop', 'bank', 'kube-system'].map((name) => namespace(name)),
  policies = [],
}: Case) {
  const plan = planEnforce({...wish, ...changes}, {meshes, namespaces, policies, impostors: []})
  return {
    changes: plan.changes.map(({do: verb, namespace: place, name}) => `${verb} ${place}/${name}`),
    entries: plan.problems.map(({entry}) => entry),
    says: plan.problems.map(({says, cure}) => `${says} ${cure}`).join('\n'),
    settled: plan.settled,
    notes: plan.notes,
  }
}

test.each<[string, Case, string[]]>([
  ['no policy at all', {}, ['apply istio-system/default']],
  ['ours is weaker than now asked', {policies: [ours('PERMISSIVE')]}, ['apply istio-system/default']],
  [
    'ours is the oldest, a newer one is void',
    {policies: [ours('PERMISSIVE', older), policy('extra', 'STRICT')]},
    ['apply istio-system/default'],
  ],
  [
    'a policy with a selector in the root namespace has no level (rule 9)',
    {policies: [policy('one', 'DISABLE', {selector: {app: 'a'}})]},
    ['apply istio-system/default'],
  ],
  [
    'an older policy of another revision is not read (rule 2)',
    {policies: [policy('old', 'DISABLE', {...older, labels: {'istio.io/rev': 'canary'}})]},
    ['apply istio-system/default'],
  ],
  [
    'policies of other namespaces do not decide for the mesh',
    {policies: [policy('default', 'DISABLE', shop)]},
    ['apply istio-system/default'],
  ],
  [
    'a scope gets one policy per namespace and none in the root',
    {wish: {namespaces: ['shop', 'bank']}},
    ['apply shop/default', 'apply bank/default'],
  ],
  ['a glob covers all but exclusions and the root', {wish: {namespaces: ['*', 'extra*']}}, ['apply shop/default', 'apply bank/default']],
  [
    'a scope under a STRICT mesh still gets its own',
    {wish: {namespaces: ['shop']}, policies: [policy('mesh', 'STRICT')]},
    ['apply shop/default'],
  ],
  [
    'a scope where the mesh is PERMISSIVE',
    {wish: {namespaces: ['shop']}, policies: [policy('mesh', 'PERMISSIVE')]},
    ['apply shop/default'],
  ],
  [
    'a migration raises DISABLE',
    {wish: {mtlsMode: 'PERMISSIVE', namespaces: ['shop']}, policies: [policy('mesh', 'DISABLE')]},
    ['apply shop/default'],
  ],
  ['a mesh with another root namespace', {meshes: [mesh({rootNamespace: 'shop'})]}, ['apply shop/default']],
  [
    'two control planes with a root each',
    {meshes: [mesh(), mesh({revision: 'b', rootNamespace: 'bank'})]},
    ['apply istio-system/default', 'apply bank/default'],
  ],
  [
    'one control plane of two is asked for',
    {wish: {revision: 'b'}, meshes: [mesh(), mesh({revision: 'b', rootNamespace: 'bank'})]},
    ['apply bank/default'],
  ],
  [
    'taking over the one that decides, whatever its name',
    {wish: {takeOver: true}, policies: [policy('legacy', 'PERMISSIVE', older), ours('STRICT')]},
    ['take-over istio-system/legacy'],
  ],
  [
    'taking over a `default` made by others',
    {wish: {takeOver: true}, policies: [policy('default', 'PERMISSIVE')]},
    ['take-over istio-system/default'],
  ],
  ['a managed control plane has no istiod here', {meshes: [mesh({readyReplicas: null})]}, ['apply istio-system/default']],
])('changes: %s', (_, given, changes) => {
  expect(planned(given)).toMatchObject({changes, entries: []})
})

test.each<[string, Case, RegExp]>([
  ['ours is STRICT', {policies: [ours('STRICT')]}, /STRICT already, by PeerAuthentication default/],
  [
    "someone's STRICT policy decides",
    {policies: [policy('mesh-wide', 'STRICT', older), ours('PERMISSIVE')]},
    /by PeerAuthentication mesh-wide/,
  ],
  [
    'two of the same second: the smaller name wins (rule 11)',
    {policies: [policy('b', 'PERMISSIVE'), policy('a', 'STRICT')]},
    /by PeerAuthentication a$/,
  ],
  [
    'an UNSET policy that inherits STRICT from the mesh',
    {wish: {namespaces: ['shop']}, policies: [policy('mesh', 'STRICT'), policy('unset', 'UNSET', shop)]},
    /STRICT already, by PeerAuthentication unset/,
  ],
  [
    'one that Argo CD keeps as it should be',
    {policies: [policy('legacy', 'STRICT', {...older, keeper: 'Argo CD'})]},
    /STRICT already, by PeerAuthentication legacy/,
  ],
  ['a migration where nothing is stricter', {wish: {mtlsMode: 'PERMISSIVE'}}, /PERMISSIVE already/],
])('nothing to do: %s', (_, given, settled) => {
  const plan = planned(given)
  expect(plan).toMatchObject({changes: [], entries: []})
  expect(plan.settled.join()).toMatch(settled)
})

test.each<[string, Case, string[], RegExp]>([
  [
    'an older policy decides, whatever its name',
    {policies: [policy('legacy', 'PERMISSIVE', older), ours('STRICT')]},
    ['older-policy'],
    /`istio-system\/legacy`.*kubectl -n istio-system patch peerauthentication legacy .*STRICT.*take-over: true/s,
  ],
  ['a `default` made by others', {policies: [policy('default', 'PERMISSIVE')]}, ['older-policy'], /made by others/],
  [
    'an older UNSET one hides what comes after it (rule 12)',
    {policies: [policy('a', 'UNSET', older), ours('STRICT')]},
    ['older-policy'],
    /`istio-system\/a` \(UNSET/,
  ],
  [
    '`selector: {}` widens to the whole mesh (rule 8)',
    {policies: [policy('wide', 'DISABLE', {...older, selector: {}})]},
    ['older-policy'],
    /wide/,
  ],
  [
    'in one namespace of the scope',
    {wish: {namespaces: ['shop', 'bank']}, policies: [policy('x', 'PERMISSIVE', shop)]},
    ['older-policy'],
    /`shop\/x`/,
  ],
  [
    'one revision reads another older policy',
    {
      meshes: [mesh(), mesh({revision: 'canary'})],
      policies: [ours('STRICT'), policy('c', 'DISABLE', {...older, labels: {'istio.io/rev': 'canary'}})],
    },
    ['older-policy'],
    /`istio-system\/c`/,
  ],
  ['our own STRICT would be lowered', {wish: {mtlsMode: 'PERMISSIVE'}, policies: [ours('STRICT')]}, ['never-weaken'], /would weaken it/],
  [
    'a policy that Argo CD would write back, even with take-over',
    {wish: {takeOver: true}, policies: [policy('legacy', 'PERMISSIVE', {...older, keeper: 'Argo CD application mesh'})]},
    ['policy-kept'],
    /`istio-system\/legacy` \(PERMISSIVE\).*Argo CD application mesh.*mode: STRICT/s,
  ],
  [
    'a policy of ours that Flux has taken into its repository',
    {policies: [ours('PERMISSIVE', {keeper: 'Flux release mesh'})]},
    ['policy-kept'],
    /Flux release mesh/,
  ],
  [
    "someone's STRICT would be lowered, even with take-over",
    {wish: {mtlsMode: 'PERMISSIVE', takeOver: true}, policies: [policy('x', 'STRICT')]},
    ['never-weaken'],
    /by PeerAuthentication `x`/,
  ],
  [
    'an inherited STRICT would be lowered',
    {wish: {mtlsMode: 'PERMISSIVE', namespaces: ['shop']}, policies: [policy('x', 'STRICT')]},
    ['never-weaken'],
    /inherited from the mesh/,
  ],
  ['`default` has a selector', {policies: [policy('default', 'STRICT', {selector: {app: 'a'}})]}, ['name-taken'], /has a selector/],
  [
    '`default` belongs to another revision',
    {policies: [policy('default', 'STRICT', {labels: {'istio.io/rev': 'canary'}})]},
    ['name-taken'],
    /not read by revision `default`/,
  ],
  [
    'discoverySelectors hide the root namespace (rule 4)',
    {meshes: [mesh({discoverySelectors: [{matchLabels: {mesh: 'yes'}}]})]},
    ['not-discovered'],
    /root namespace `istio-system` is outside/,
  ],
  ['istiod has no ready pod', {meshes: [mesh({readyReplicas: 0})]}, ['istiod-not-ready'], /no ready pod/],
  ['a revision nobody runs', {wish: {revision: 'green'}}, ['no-istio'], /`green` runs here, only `default`/],
  ['a namespace that does not exist', {wish: {namespaces: ['shopp']}}, ['empty-scope'], /`shopp`, which does not exist/],
  ['a glob without a match, unless emptiness is allowed', {wish: {namespaces: ['team-*'], allowEmpty: false}}, ['empty-scope'], /team-\*/],
  ['the root namespace is being deleted', {namespaces: [namespace(root, 'Terminating')]}, ['root-namespace'], /being deleted/],
])('stops: %s', (_, given, entries, says) => {
  const plan = planned(given)
  expect(plan).toMatchObject({entries})
  expect(plan.says).toMatch(says)
})

const enrolled = (name: string, labels: Record<string, string> = {'istio-injection': 'enabled'}) => namespace(name, 'Active', labels)
const leavingOut = {excludeNamespaces: ['kube-*', 'legacy']}

test.each<[string, Case]>([
  ['by injection', {namespaces: [namespace(root), enrolled('legacy')]}],
  ['by revision', {namespaces: [namespace(root), enrolled('legacy', {'istio.io/rev': 'default'})]}],
  ['by a tag, which may mean any revision', {namespaces: [namespace(root), enrolled('legacy', {'istio.io/rev': 'prod'})]}],
  ['by ambient', {namespaces: [namespace(root), enrolled('legacy', {'istio.io/dataplane-mode': 'ambient'})]}],
  [
    'with a policy that inherits (rule 12)',
    {namespaces: [namespace(root), enrolled('legacy')], policies: [policy('own', 'UNSET', {namespace: 'legacy'})]},
  ],
  [
    'with a policy for one workload only',
    {
      namespaces: [namespace(root), enrolled('legacy')],
      policies: [policy('own', 'DISABLE', {namespace: 'legacy', selector: {app: 'a'}})],
    },
  ],
])('stops before a mesh-wide policy rules an excluded namespace in the mesh %s', (_, given) => {
  const plan = planned({...given, wish: leavingOut})
  expect(plan.entries).toEqual(['excluded-covered'])
  expect(plan.says).toMatch(/leaves out `legacy`.*namespace: legacy\}\nspec: \{mtls: \{mode: PERMISSIVE\}\}/s)
})

test.each<[string, Case]>([
  ['not in the mesh', {namespaces: [namespace(root), namespace('legacy')]}],
  ['opted out', {namespaces: [namespace(root), enrolled('legacy', {'istio-injection': 'disabled', 'istio.io/rev': 'default'})]}],
  [
    'of a mode of its own',
    {namespaces: [namespace(root), enrolled('legacy')], policies: [policy('own', 'PERMISSIVE', {namespace: 'legacy'})]},
  ],
  [
    'of another mesh',
    {
      wish: {revision: 'default'},
      meshes: [mesh(), mesh({revision: 'b', rootNamespace: 'bank'})],
      namespaces: [namespace(root), enrolled('legacy', {'istio.io/rev': 'b'})],
    },
  ],
])('an excluded namespace stops nothing: %s', (_, given) => {
  expect(planned({...given, wish: {...given.wish, ...leavingOut}})).toMatchObject({changes: ['apply istio-system/default'], entries: []})
})

test('an excluded namespace stops nothing where the mesh-wide policy is in force already', () => {
  const given = {namespaces: [namespace(root), enrolled('legacy')], policies: [policy('mesh', 'STRICT')]}
  expect(planned({...given, wish: leavingOut})).toMatchObject({changes: [], entries: []})
})

test('all that forbids is named at once', () => {
  const {entries} = planned({
    wish: {namespaces: ['shop', 'bank', 'gone']},
    policies: [policy('x', 'PERMISSIVE', shop), policy('y', 'DISABLE', {namespace: 'bank'})],
  })
  expect(entries).toEqual(['empty-scope', 'older-policy', 'older-policy'])
})

test.each<[string, Case, string[], RegExp]>([
  [
    'a namespace being deleted',
    {wish: {namespaces: ['s*']}, namespaces: [namespace(root), namespace('shop', 'Terminating'), namespace('store')]},
    ['apply store/default'],
    /shop is being deleted/,
  ],
  ['the root namespace named in a scope', {wish: {namespaces: ['shop', root]}}, ['apply shop/default'], /istio-system is a root namespace/],
  ['a scope without a namespace', {wish: {namespaces: ['team-*']}}, [], /No namespace matches team-\*/],
])('leaves out and says so: %s', (_, given, changes, note) => {
  const plan = planned(given)
  expect(plan).toMatchObject({changes, entries: []})
  expect(plan.notes.join()).toMatch(note)
})
