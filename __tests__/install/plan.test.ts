import type {Found, FoundIstiod, FoundRelease} from '../../src/install/found.ts'
import type {Mark} from '../../src/install/mark.ts'
import type {Owner} from '../../src/install/owner.ts'
import {planInstall, type Wish, whatToDo} from '../../src/install/plan.ts'
import type {ReleasePlan} from '../../src/install/release-plan.ts'

const now = Date.parse('2026-11-22T18:00:00Z')
const minute = 60_000
const wish: Wish = {
  ...{install: 'auto', takeOver: false, istioVersion: '1.31.1', revision: '', timeoutMs: 5 * minute},
  ...{profile: 'sidecar', platform: '', cniValues: ''},
}
const empty: Found = {
  namespace: {exists: false, terminating: false, reason: ''},
  istiods: [],
  releases: [],
  agents: [],
  crds: null,
  configurations: [],
  defaultRevision: '',
  repairs: {},
}
const mark: Mark = {version: '1.31.0', chart: 'c'.repeat(40), values: 'v'.repeat(40), helmRevision: 1}
const helm = (release: string, namespace = 'istio-system'): Owner => ({by: 'helm', release, namespace})
const istioctl: Owner = {by: 'istioctl', name: 'istioctl'}
const argo: Owner = {by: 'operator', name: 'Argo CD application mesh'}

const istiod = (more: Partial<FoundIstiod> = {}): FoundIstiod => ({
  namespace: 'istio-system',
  name: 'istiod',
  revision: 'default',
  version: '1.31.0',
  owner: helm('istiod'),
  createdAt: '',
  ...more,
})
const release = (name: string, more: Partial<FoundRelease> = {}): FoundRelease => ({
  name,
  namespace: 'istio-system',
  helmRevision: 1,
  status: 'deployed',
  since: now - 60 * minute,
  mark,
  good: 0,
  ...more,
})
/** A cluster on which an earlier run of ours installed 1.31.0. */
const ours: Found = {
  namespace: {exists: true, terminating: false, reason: ''},
  istiods: [istiod()],
  releases: [release('istio-base'), release('istiod')],
  agents: [],
  crds: helm('istio-base'),
  configurations: [
    'MutatingWebhookConfiguration/istio-sidecar-injector',
    'ValidatingWebhookConfiguration/istio-validator-istio-system',
    'ValidatingWebhookConfiguration/istiod-default-validator',
  ],
  defaultRevision: 'default',
  repairs: {},
}
const foreign = (owner: Owner, more: Partial<Found> = {}): Found => ({
  ...ours,
  istiods: [istiod({owner})],
  releases: [],
  crds: owner,
  ...more,
})

function planned(changes: Partial<Wish>, found: Found) {
  const plan = planInstall({...wish, ...changes}, found, now)
  if (plan.do === 'leave') return {do: 'leave' as const, says: plan.says}
  return {
    do: 'apply' as const,
    releases: plan.releases.map(({name, adopt, repair}) => [name, adopt ? 'adopt' : '', repair].filter(Boolean).join(' ')),
    entries: plan.problems.map(({entry}) => entry),
    says: plan.problems.map(({says, cure}) => `${says} ${cure}`).join('\n'),
    notes: plan.notes,
  }
}

test.each<[string, Partial<Wish>, Found, string[]]>([
  ['an empty cluster gets base, then istiod', {}, empty, ['istio-base', 'istiod']],
  ['a revision names its release', {revision: 'canary'}, empty, ['istio-base', 'istiod-canary']],
  ['the revision `default` is the one without a name', {revision: 'default'}, empty, ['istio-base', 'istiod']],
  ['our own installation is upgraded', {}, ours, ['istio-base', 'istiod']],
  ['a revision beside our own one shares its base', {revision: 'canary'}, ours, ['istio-base', 'istiod-canary']],
  [
    'CRDs that outlived an uninstall are taken back by the same release',
    {},
    {...empty, namespace: ours.namespace, crds: helm('istio-base')},
    ['istio-base', 'istiod'],
  ],
  [
    'a first install that was killed long ago is uninstalled first',
    {},
    {...empty, namespace: ours.namespace, releases: [release('istio-base', {status: 'pending-install'})]},
    ['istio-base uninstall', 'istiod'],
  ],
  [
    'an upgrade that was killed long ago is rolled back first',
    {},
    {...ours, releases: [release('istio-base'), release('istiod', {status: 'pending-upgrade', helmRevision: 4, good: 3})]},
    ['istio-base', 'istiod rollback'],
  ],
  [
    'an upgrade that was killed, and of which no other revision is on record, is forgotten: there is nothing to roll back to',
    {},
    {...ours, releases: [release('istio-base'), release('istiod', {status: 'pending-upgrade', helmRevision: 4})]},
    ['istio-base', 'istiod forget'],
  ],
  [
    'an install that was killed while it took an istiod over is forgotten: an uninstall would take what was there before it',
    {isAlone: true, takeOver: true},
    {
      ...ours,
      istiods: [istiod({owner: istioctl, createdAt: '2020-01-01T00:00:00Z'})],
      releases: [release('istio-base'), release('istiod', {status: 'pending-install', since: now - 10_000})],
    },
    ['istio-base adopt', 'istiod adopt forget'],
  ],
  [
    'an install that was killed after it had made its istiod is uninstalled',
    {isAlone: true},
    {
      ...ours,
      istiods: [istiod({createdAt: new Date(now - 9000).toISOString()})],
      releases: [release('istio-base'), release('istiod', {status: 'pending-install', since: now - 10_000})],
    },
    ['istio-base', 'istiod uninstall'],
  ],
  [
    'a rollback that a repair of ours left pending is repaired at once, too: the note says that it is ours',
    {isAlone: true},
    {
      ...ours,
      releases: [release('istio-base'), release('istiod', {status: 'pending-rollback', helmRevision: 5, good: 3, since: now - 10_000})],
      repairs: {istiod: 5},
    },
    ['istio-base', 'istiod rollback'],
  ],
  [
    'a release whose newest records are lost is upgraded from what is left of its history',
    {},
    {...ours, releases: [release('istio-base'), release('istiod', {status: 'superseded', helmRevision: 2})]},
    ['istio-base', 'istiod'],
  ],
  [
    'what a run of ours left pending is repaired at once by the run that holds the Lease',
    {isAlone: true},
    {
      ...empty,
      namespace: ours.namespace,
      releases: [release('istio-base'), release('istiod', {status: 'pending-install', since: now - 10_000})],
      crds: helm('istio-base'),
    },
    ['istio-base', 'istiod uninstall'],
  ],
  [
    'an istiod whose record helm lost is still ours by the release of its CRDs',
    {},
    {...ours, releases: [release('istio-base')]},
    ['istio-base', 'istiod adopt'],
  ],
  [
    'what others uninstalled, keeping its history, holds nothing',
    {},
    {...empty, namespace: ours.namespace, releases: [release('istiod', {mark: null, status: 'uninstalled'})]},
    ['istio-base', 'istiod'],
  ],
  [
    'a failed release needs no repair',
    {},
    {...ours, releases: [release('istio-base'), release('istiod', {status: 'failed'})]},
    ['istio-base', 'istiod'],
  ],
  [
    'take-over adopts a release of the same name',
    {takeOver: true},
    {...ours, releases: ours.releases.map((each) => ({...each, mark: null}))},
    ['istio-base adopt', 'istiod adopt'],
  ],
  ['take-over adopts what istioctl made', {takeOver: true}, foreign(istioctl), ['istio-base adopt', 'istiod adopt']],
  [
    'always installs a revision beside a foreign one and leaves its CRDs',
    {install: 'always', revision: 'canary'},
    foreign(istioctl),
    ['istiod-canary'],
  ],
  ['a canary of an older version keeps the newer CRDs', {revision: 'old', istioVersion: '1.30.3'}, ours, ['istiod-old']],
])('%s', (_, changes, found, releases) => {
  expect(planned(changes, found)).toMatchObject({do: 'apply', releases, entries: []})
})

test.each<[string, Partial<Wish>, Found, string[], RegExp]>([
  [
    'another helm release, in our namespace',
    {},
    foreign(helm('mesh')),
    ['foreign-installation'],
    /helm release `istio-system\/mesh`.*install: never/s,
  ],
  [
    'a helm release without our mark',
    {},
    {...ours, releases: [release('istio-base'), release('istiod', {mark: null})]},
    ['foreign-installation'],
    /`istio-system\/istiod`.*take-over: true/s,
  ],
  ['istioctl', {}, foreign(istioctl), ['foreign-installation'], /istioctl.*take-over: true/s],
  ['Argo CD, which would write it back', {}, foreign(argo), ['foreign-installation'], /Argo CD application mesh.*write a take-over back/s],
  ['Argo CD, even with take-over', {takeOver: true}, foreign(argo), ['foreign-installation'], /install: never/],
  [
    'a helm release of another namespace, even with take-over',
    {takeOver: true},
    {...foreign(helm('mesh', 'mesh')), istiods: [istiod({namespace: 'mesh', owner: helm('mesh', 'mesh')})], crds: helm('istio-base')},
    ['foreign-installation'],
    /mesh\/istiod/,
  ],
  ['a foreign revision beside the one asked for', {revision: 'canary'}, foreign(istioctl), ['foreign-installation'], /install: never/],
  ['always, when the same revision is foreign', {install: 'always'}, foreign(istioctl), ['foreign-installation'], /istioctl/],
  [
    'CRDs of unknown origin without any istiod',
    {},
    {...empty, crds: {by: 'unknown', name: 'someone who left no mark'}},
    ['foreign-installation'],
    /CRDs.*left no mark/,
  ],
  ['a downgrade', {istioVersion: '1.30.9'}, ours, ['version-jump'], /no downgrade in place.*istio-version: 1\.31\.0/s],
  ['a jump by two minor versions', {istioVersion: '1.33.0'}, ours, ['version-jump'], /not by 2.*next to `1\.32`/s],
  [
    "somebody's own helm at work on our release, Lease or not (the mark is of an older revision)",
    {isAlone: true},
    {...ours, releases: [release('istio-base'), release('istiod', {status: 'pending-upgrade', helmRevision: 2, since: now - 40_000})]},
    ['release-pending'],
    /`pending-upgrade` for 40 s/,
  ],
  [
    'a rollback of our release that has only just begun, and that no note of ours speaks of',
    {isAlone: true},
    {
      ...ours,
      releases: [release('istio-base'), release('istiod', {status: 'pending-rollback', helmRevision: 5, good: 3, since: now - 40_000})],
      repairs: {istiod: 4, other: 5},
    },
    ['release-pending'],
    /`pending-rollback` for 40 s/,
  ],
  [
    'an istiod whose record helm lost, with no release of ours to speak for it',
    {},
    {...ours, releases: []},
    ['foreign-installation'],
    /helm release `istio-system\/istiod`/,
  ],
  [
    'a release that has only just become pending',
    {},
    {...ours, releases: [release('istio-base'), release('istiod', {status: 'pending-upgrade', since: now - 40_000})]},
    ['release-pending'],
    /`pending-upgrade` for 40 s/,
  ],
  [
    "a first install by somebody else's helm, which is at work: to repair it would be to take it away",
    {},
    {...empty, namespace: ours.namespace, releases: [release('istiod', {mark: null, status: 'pending-install'})]},
    ['release-pending'],
    /`istio-system\/istiod` is `pending-install`, and this action did not make it/,
  ],
  [
    'the same even with take-over, and holding the Lease',
    {takeOver: true, isAlone: true},
    {...empty, namespace: ours.namespace, releases: [release('istio-base', {mark: null, status: 'pending-install'})]},
    ['release-pending'],
    /somebody else's helm is at work/,
  ],
  [
    'a release of others that failed before it made an istiod',
    {},
    {...empty, namespace: ours.namespace, releases: [release('istiod', {mark: null, status: 'failed'})]},
    ['foreign-installation'],
    /`istio-system\/istiod` \(`failed`\).*take-over: true/s,
  ],
  [
    'a namespace that is being deleted',
    {},
    {...ours, namespace: {exists: true, terminating: true, reason: 'Some content has finalizers.'}},
    ['namespace-terminating'],
    /being deleted: Some content has finalizers/,
  ],
])('refuses: %s', (_, changes, found, entries, says) => {
  const plan = planned(changes, found)
  expect(plan).toMatchObject({do: 'apply', entries})
  expect(plan.says).toMatch(says)
})

test('names every problem at once', () => {
  const found = {...foreign(istioctl), namespace: {exists: true, terminating: true, reason: ''}}
  expect(planned({istioVersion: '1.29.0'}, found)).toMatchObject({
    entries: ['foreign-installation', 'version-jump', 'namespace-terminating'],
  })
})

test('an upgrade by one minor version is allowed', () => {
  expect(planned({istioVersion: '1.32.0'}, ours)).toMatchObject({entries: []})
})

test.each<[string, Found, RegExp]>([
  ['names what it leaves alone', foreign(istioctl), /istiod 1\.31\.0 .*istioctl/],
  ['says when there is none', empty, /no istiod runs/],
])('install: never %s', (_, found, says) => {
  const plan = planned({install: 'never'}, found)
  expect(plan.do).toBe('leave')
  expect(plan.says).toMatch(says)
})

/** Which releases hold all that they should, by what is missing in the cluster. */
test.each<[string, Partial<Wish>, string[], Record<string, boolean>]>([
  ['nothing', {}, [], {base: true, istiod: true}],
  ['the injector, as after an uninstall that was killed', {}, ['istio-sidecar-injector'], {base: true, istiod: false}],
  ["istiod's validator", {}, ['istio-validator-istio-system'], {base: true, istiod: false}],
  ['the validator of unlabelled objects', {}, ['istiod-default-validator'], {base: false, istiod: true}],
  ['what the values leave to others', {values: 'global: {operatorManageWebhooks: true}'}, ['istio-sidecar-injector'], {istiod: true}],
  ['what the values turn off', {values: 'global:\n  configValidation: false'}, ['istio-validator-istio-system'], {istiod: true}],
  ['validation that null turns off', {values: 'global:\n  configValidation: null'}, ['istio-validator-istio-system'], {istiod: true}],
  ['what the values of base turn off', {baseValues: 'defaultRevision: ""'}, ['istiod-default-validator'], {base: true}],
  ['what a chart of one namespace never makes', {values: 'global: {resourceScope: namespace}'}, ['istio-sidecar-injector'], {istiod: true}],
])('webhook configurations count as part of a release: without %s', (_, changes, missing, present) => {
  const configurations = ours.configurations.filter((each) => !missing.some((name) => each.endsWith(`/${name}`)))
  const plan = planInstall({...wish, ...changes}, {...ours, configurations}, now)
  const found = plan.do === 'leave' ? {} : Object.fromEntries(plan.releases.map((each) => [each.chart, each.present]))
  expect(found).toMatchObject(present)
})

test('a revision has webhook configurations of its own name', () => {
  const canary = {...ours, istiods: [...ours.istiods, istiod({name: 'istiod-canary', revision: 'canary', owner: helm('istiod-canary')})]}
  const names = [
    'MutatingWebhookConfiguration/istio-sidecar-injector-canary',
    'ValidatingWebhookConfiguration/istio-validator-canary-istio-system',
  ]
  const presence = (found: Found) => {
    const plan = planInstall({...wish, revision: 'canary'}, {...found, releases: [...found.releases, release('istiod-canary')]}, now)
    return plan.do === 'apply' && plan.releases.find(({chart}) => chart === 'istiod')?.present
  }
  expect([presence(canary), presence({...canary, configurations: [...ours.configurations, ...names]})]).toEqual([false, true])
})

const deployed: ReleasePlan = {
  chart: 'istiod',
  name: 'istiod',
  namespace: 'istio-system',
  helmRevision: 3,
  status: 'deployed',
  mark: {...mark, helmRevision: 3},
  adopt: false,
  repair: '',
  good: 0,
  present: true,
}
const same = {version: '1.31.0', chart: 'c'.repeat(64), values: 'v'.repeat(64)}

test.each<[string, Partial<ReleasePlan>, Partial<typeof same>, string]>([
  ['all as written', {}, {}, 'unchanged'],
  ['no release yet', {helmRevision: 0, mark: null, status: ''}, {}, 'install'],
  ['another version', {}, {version: '1.31.1'}, 'upgrade'],
  ['another chart under the same version', {}, {chart: 'd'.repeat(64)}, 'upgrade'],
  ['other values', {}, {values: 'w'.repeat(64)}, 'upgrade'],
  ['a release that failed', {status: 'failed'}, {}, 'upgrade'],
  ['a later revision made by hand, which carries our labels along', {helmRevision: 4}, {}, 'upgrade'],
  ['the Deployment is gone though helm believes in it', {present: false}, {}, 'upgrade'],
  ['a release of others', {mark: null}, {}, 'upgrade'],
  ['a killed first install', {repair: 'uninstall', status: 'pending-install'}, {}, 'install'],
  ['a killed upgrade', {repair: 'rollback', status: 'pending-upgrade'}, {}, 'upgrade'],
])('a release is to be done: %s', (_, plan, wanted, expected) => {
  expect(whatToDo({...deployed, ...plan}, {...same, ...wanted})).toBe(expected)
})
