import {agentCharts, agentNamespace, planAgents} from '../../src/install/agents.ts'
import type {Found, FoundAgent} from '../../src/install/found.ts'
import {daemonSetState} from '../../src/install/daemon-set.ts'
import type {Owner} from '../../src/install/owner.ts'

const mark = {version: '1.31.1', chart: 'c', values: 'v', helmRevision: 1}
const byHelm = (release: string, namespace = 'istio-system'): Owner => ({by: 'helm', release, namespace})
const agent = (chart: FoundAgent['chart'], owner: Owner, namespace = 'istio-system'): FoundAgent => ({
  ...{chart, owner, namespace},
  name: chart === 'cni' ? 'istio-cni-node' : 'ztunnel',
})
const found = (agents: FoundAgent[], releases: string[] = []): Found => ({
  ...{
    namespace: {exists: true, terminating: false, reason: ''},
    istiods: [],
    crds: null,
    configurations: [],
    defaultRevision: '',
    agents,
    repairs: {},
  },
  releases: releases.map((name) => ({name, namespace: 'istio-system', helmRevision: 1, status: 'deployed', since: 0, mark, good: 0})),
})
const wish = {profile: 'ambient' as const, platform: '', cniValues: '', takeOver: false}

test.each<[Parameters<typeof agentCharts>[0], string[], string]>([
  [{profile: 'sidecar', platform: '', cniValues: ''}, [], 'istio-system'],
  [{profile: 'ambient', platform: 'gke', cniValues: ''}, ['cni', 'ztunnel'], 'istio-system'],
  [{profile: 'ambient', platform: 'openshift', cniValues: ''}, ['cni', 'ztunnel'], 'kube-system'],
  [{profile: 'sidecar', platform: 'openshift', cniValues: ''}, ['cni'], 'kube-system'],
  [{profile: 'sidecar', platform: '', cniValues: 'logging: {level: debug}'}, ['cni'], 'istio-system'],
])('%j needs the charts %j in %s', (inputs, charts, namespace) => {
  expect([agentCharts(inputs), agentNamespace(inputs.platform)]).toEqual([charts, namespace])
})

test.each<[string, Partial<typeof wish>, Found, string[], string[]]>([
  ['none there yet', {}, found([]), ['istio-cni', 'ztunnel'], []],
  [
    'our own',
    {},
    found([agent('cni', byHelm('istio-cni')), agent('ztunnel', byHelm('ztunnel'))], ['istio-cni', 'ztunnel']),
    ['istio-cni', 'ztunnel'],
    [],
  ],
  ['a helm release without our mark', {}, found([agent('cni', byHelm('istio-cni'))]), ['istio-cni', 'ztunnel'], ['take-over: true']],
  ['the same with take-over', {takeOver: true}, found([agent('cni', byHelm('istio-cni'))]), ['istio-cni adopt', 'ztunnel'], []],
  [
    'one that an operator keeps, even with take-over',
    {takeOver: true},
    found([agent('ztunnel', {by: 'operator', name: 'ZTunnel x'})]),
    ['istio-cni', 'ztunnel'],
    ['install: never'],
  ],
  [
    'one in another namespace',
    {takeOver: true},
    found([agent('cni', byHelm('istio-cni', 'kube-system'), 'kube-system')]),
    ['istio-cni', 'ztunnel'],
    ['install: never'],
  ],
])('agents of a node: %s', (_, changes, world, releases, cures) => {
  const plan = planAgents({...wish, ...changes}, world)
  expect(plan.releases.map(({name, adopt}) => (adopt ? `${name} adopt` : name))).toEqual(releases)
  expect(plan.problems).toHaveLength(cures.length)
  for (const [at, cure] of cures.entries()) expect(plan.problems[at]?.cure).toContain(cure)
})

// Recorded objects: no image of ztunnel can run on the test bed. The shapes are those that kube-controller-manager 1.37 writes.
const daemonSet = (generation: number, status: object) => ({
  ...{apiVersion: 'apps/v1', kind: 'DaemonSet', status},
  metadata: {name: 'ztunnel', generation},
})
test.each<[string, number, object, boolean, string]>([
  ['just made', 1, {}, false, 'its controller has not seen it yet'],
  [
    'pods of the former template are still there',
    2,
    {
      observedGeneration: 2,
      desiredNumberScheduled: 3,
      currentNumberScheduled: 3,
      updatedNumberScheduled: 1,
      numberReady: 3,
      numberAvailable: 3,
    },
    false,
    '1 of 3 pods are new',
  ],
  [
    'one node without its agent, which helm 3 bears',
    1,
    {
      observedGeneration: 1,
      desiredNumberScheduled: 1,
      currentNumberScheduled: 1,
      updatedNumberScheduled: 1,
      numberReady: 0,
      numberUnavailable: 1,
    },
    false,
    '0 of 1 pods are available',
  ],
  [
    'all there',
    1,
    {observedGeneration: 1, desiredNumberScheduled: 3, updatedNumberScheduled: 3, numberReady: 3, numberAvailable: 3},
    true,
    'available on 3 nodes',
  ],
  [
    'a status of the generation before',
    2,
    {observedGeneration: 1, desiredNumberScheduled: 3, updatedNumberScheduled: 3, numberAvailable: 3},
    false,
    'its controller has not seen it yet',
  ],
])('a recorded DaemonSet (no ztunnel runs on the bed): %s', (_, generation, status, ready, says) => {
  expect(daemonSetState(daemonSet(generation, status))).toMatchObject({ready, says})
})
