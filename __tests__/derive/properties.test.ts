import fc from 'fast-check'
import {ambientMode} from '../../src/derive/ambient-mode.ts'
import {decidingPolicies, effectiveMode} from '../../src/derive/effective-mode.ts'
import {endpoints} from '../../src/derive/endpoints.ts'
import {judgedPods} from '../../src/derive/judged-pods.ts'
import {labelIndex} from '../../src/derive/label-index.ts'
import {isSubset} from '../../src/derive/label-selector.ts'
import {isServing} from '../../src/derive/row-member.ts'
import {policiesByLevel, policyIndex} from '../../src/derive/policy-index.ts'
import type {Sighting} from '../../src/model/evidence.ts'
import {type Part, read, unread} from '../../src/model/part.ts'
import type {IstioObject, MtlsMode} from '../../src/model/policy.ts'
import type {Snapshot} from '../../src/model/snapshot.ts'
import {ambientPod, asked, istioObject, plainPod, policy, probed, probes, service, sidecarPod, snapshot} from './builders.ts'

const root = 'istio-system'
const modes: MtlsMode[] = ['UNSET', 'DISABLE', 'PERMISSIVE', 'STRICT']
const mode = fc.constantFrom(...modes)
const labels = fc.dictionary(fc.constantFrom('app', 'v', 'constructor'), fc.constantFrom('a', 'b'), {maxKeys: 2})
const ports = fc.dictionary(fc.constantFrom('8080', '9090'), mode, {maxKeys: 2})
const policies = fc.array(
  fc
    .record({
      where: fc.constantFrom(root, 'shop', 'bank'),
      name: fc.constantFrom('a', 'b', 'c', 'd'),
      mode,
      selector: fc.option(labels),
      ports,
      at: fc.nat(2),
    })
    .map(({where, name, mode, selector, ...more}) => ({...policy(where, name, mode, more), selector})),
  {maxLength: 8},
)
const port = fc.constantFrom(8080, 9090, 7070, null)

function sidecar(all: Parameters<typeof policyIndex>[0], labels: Record<string, string>, port: number | null) {
  return effectiveMode(decidingPolicies(policyIndex(all, root), 'shop', labels), port)
}

test('the order of the input is irrelevant where names are unique', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(
        policies.map((all) => all[0]).filter((one) => one !== undefined),
        {selector: ({namespace, name}) => `${namespace}/${name}`},
      ),
      labels,
      port,
      (all, labels, port) => {
        expect(sidecar([...all].reverse(), labels, port)).toEqual(sidecar(all, labels, port))
      },
    ),
  )
})

test('a policy of another namespace changes nothing, neither for sidecars nor in ambient', () => {
  fc.assert(
    fc.property(policies, labels, port, (all, labels, port) => {
      const ours = all.filter(({namespace}) => namespace !== 'bank')
      const ambient = (some: typeof all) => ambientMode(policiesByLevel(policyIndex(some, root), 'shop', labels), false, port)
      expect(sidecar(all, labels, port)).toEqual(sidecar(ours, labels, port))
      expect(ambient(all)).toEqual(ambient(ours))
    }),
  )
})

test('whoever decides has written the mode that is in force', () => {
  fc.assert(
    fc.property(policies, labels, port, (all, labels, port) => {
      const {mode, by} = sidecar(all, labels, port)
      if (by === null) expect(mode).toBe('PERMISSIVE')
      else expect([by.mode, by.ports[String(port)]]).toContain(mode)
    }),
  )
})

test('ambient without any port entry agrees with the sidecar, DISABLE read as PERMISSIVE, where nothing ties and no `selector: {}` is in the root', () => {
  const plain = policies.map((all) => all.map((one, at) => ({...one, ports: {}, createdAt: new Date(at * 1000).toISOString()})))
  fc.assert(
    fc.property(plain, labels, port, (all, labels, port) => {
      const given = all.filter(({namespace, selector}) => namespace !== root || selector === null)
      const {mode} = sidecar(given, labels, port)
      expect(ambientMode(policiesByLevel(policyIndex(given, root), 'shop', labels), false, port)).toMatchObject({
        mode: mode === 'STRICT' ? 'STRICT' : 'PERMISSIVE',
        doubt: '',
      })
    }),
  )
})

test('a label index finds exactly what a subset test finds', () => {
  fc.assert(
    fc.property(fc.array(labels), labels, (selectors, wanted) => {
      const found = labelIndex(selectors, (each) => each).matching(wanted)
      expect(found).toEqual(selectors.filter((each) => isSubset(each, wanted)))
    }),
  )
})

const sighting = fc.option(
  fc.constantFrom<Sighting>('plain-text', 'client-certificate', 'tls', 'foreign-tls', 'closed', 'inconclusive', 'unread'),
)
const somePort = fc.constantFrom(8080, 9090, 15001, 15090)
const pod = fc
  .record({
    make: fc.constantFrom(plainPod, sidecarPod, ambientPod),
    name: fc.constantFrom('cart-1', 'cart-2'),
    labels,
    phase: fc.constantFrom('Running', 'Pending', 'Failed', ''),
    ips: fc.subarray(['10.0.0.1', '10.0.0.2', 'fd00::1']),
    terminating: fc.boolean(),
    hostNetwork: fc.boolean(),
    simulated: fc.boolean(),
  })
  .map(({make, ...more}) => make(more))
function maybe<T>(value: fc.Arbitrary<T>): fc.Arbitrary<Part<T>> {
  return fc.option(value, {freq: 4, nil: undefined}).map((each): Part<T> => (each === undefined ? unread('forbidden') : read(each)))
}

const worlds = fc
  .record({
    pods: maybe(fc.uniqueArray(pod, {selector: ({name}) => name})),
    policies: maybe(policies),
    services: maybe(
      fc.array(
        fc
          .record({selector: labels, port: fc.oneof(somePort, fc.constant('http'))})
          .map(({selector, port}) => service('s', [[80, port]], {selector})),
      ),
    ),
    sidecars: maybe(fc.array(somePort.map((number) => istioObject('Sidecar', 'shop', 's', {ingress: [{port: {number}}]})))),
    envoyFilters: maybe(
      fc.constantFrom<IstioObject[]>([], [istioObject('EnvoyFilter', 'shop', 'f', {configPatches: [{applyTo: 'LISTENER'}]})]),
    ),
    probes: fc.array(
      fc
        .record({
          port: somePort,
          tls: sighting,
          plain: sighting,
          pod: fc.constantFrom('cart-1', 'cart-2'),
          address: fc.constantFrom('10.0.0.1', '10.0.0.2'),
        })
        .map(({port, tls, plain, ...more}) => probed(port, tls, plain, more)),
    ),
    asked: fc.record({probes: fc.boolean(), mtlsMode: fc.constantFrom('STRICT' as const, 'PERMISSIVE' as const)}),
  })
  .map((world): Snapshot => snapshot({...world, probes: probes(world.probes), asked: {...asked, ...world.asked}}))

test('rows never throw, and every row says why', () => {
  fc.assert(
    fc.property(worlds, (world) => {
      for (const row of endpoints(world)) {
        expect(row.reason).not.toBe('')
        expect(row.evidence[0]?.kind).toBe('configured')
        expect(row.pods.length).toBeGreaterThan(0)
      }
    }),
    {numRuns: 1000},
  )
})

test('no green is false: proven needs STRICT and both answers, configured needs STRICT and no wish for proof', () => {
  fc.assert(
    fc.property(worlds, (world) => {
      const seen = world.probes.read ? world.probes.value.ports : []
      for (const row of endpoints(world)) {
        if (row.verdict === 'proven' || row.verdict === 'configured')
          expect([row.mode, row.dataPlane === 'none']).toEqual(['STRICT', false])
        if (row.verdict === 'configured') expect(world.asked.probes).toBe(false)
        if (row.verdict === 'proven' && row.port !== null)
          expect(seen.some(({port, tls, plain}) => port === row.port && tls?.saw === 'client-certificate' && plain?.saw === 'closed')).toBe(
            true,
          )
        // In ambient a tie leaves the weaker mode unproven.
        if (row.dataPlane !== 'ambient' && row.mode !== 'STRICT' && row.verdict !== 'violated' && row.verdict !== 'exempt')
          expect(world.policies.read).toBe(false)
      }
    }),
    {numRuns: 1000},
  )
})

test('every pod that serves has a row for its undeclared ports, and no pod has a row twice', () => {
  fc.assert(
    fc.property(worlds, (world) => {
      const keys = endpoints(world).flatMap(({pods, port, protocol}) => pods.map((name) => `${name}:${port}/${protocol}`))
      expect(new Set(keys).size).toBe(keys.length)
      const serving = world.pods.read ? world.pods.value.filter(({phase, ...pod}) => phase !== 'Failed' && isServing(pod)) : []
      for (const {name} of serving) expect(keys).toContain(`${name}:null/TCP`)
    }),
    {numRuns: 500},
  )
})

test('pods judged among others that are alike have the ports and modes that each has by itself', () => {
  fc.assert(
    fc.property(worlds, fc.array(fc.nat(3), {minLength: 2, maxLength: 6}), (world, order) => {
      const some = world.pods.read ? world.pods.value : []
      const pods = order.flatMap((at, number) => (some[at] === undefined ? [] : [{...some[at], name: `${some[at].name}-${number}`}]))
      const together = judgedPods({...world, pods: read(pods)})
      expect(together).toEqual(pods.flatMap((pod) => judgedPods({...world, pods: read([structuredClone(pod)])})))
    }),
    {numRuns: 500},
  )
})
