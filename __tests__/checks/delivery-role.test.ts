import {expect, test} from '@jest/globals'
import {checks} from '../../src/checks/index.ts'
import {runChecks} from '../../src/checks/run.ts'
import {read, unread} from '../../src/model/part.ts'
import type {Snapshot} from '../../src/model/snapshot.ts'
import {asked, policy, sidecarPod, snapshot} from '../derive/builders.ts'
import {type DeliveredSpec, deliveredFrom} from '../helpers/delivered-spec.ts'

const own = checks.filter(({role}) => role !== undefined)
const proxy = {namespace: 'shop', pod: sidecarPod().name}
const held = [{namespace: 'istio-system', name: 'default', generation: 1}]
const world: Partial<Snapshot> = {
  policies: read([policy('istio-system', 'default', 'STRICT')]),
  pods: read([sidecarPod()]),
  controlPlane: read({istiods: [], webhooks: [], endpoints: {}}),
}

function statuses(spec: Partial<DeliveredSpec>, more: Partial<Snapshot> = {}): string[] {
  const delivered = read(deliveredFrom({proxies: [proxy], ...spec}))
  return runChecks(own, snapshot({...world, delivered, ...more}), {ignore: []}).map(({code, status}) => `${code} ${status}`)
}

test('what no role reads is skipped with the role in the reason, never green', () => {
  expect(statuses({withheld: {deliver: 'no', inspect: 'no'}})).toEqual(own.map(({code}) => `${code} skipped`))
  expect(statuses({withheld: {inspect: 'no'}, replicas: [{pod: 'istiod-1', policies: held}]})).toEqual(
    own.map(({code, role}) => `${code} ${role === 'deliver' ? 'pass' : 'skipped'}`),
  )
  const [first] = runChecks(own, snapshot({...world, delivered: read(deliveredFrom({withheld: {deliver: 'grant it'}, proxies: []}))}), {
    ignore: [],
  })
  expect(first).toMatchObject({status: 'skipped', reason: 'grant it'})
})

test('what was to be read and could not be leaves them unknown; what was not to be does not', () => {
  const inspected = (status: string) => own.map(({code, role}) => `${code} ${role === 'inspect' ? status : 'pass'}`)
  expect(statuses({proxies: [{...proxy, unread: 'no answer'}]})).toEqual(inspected('unknown'))
  expect(statuses({proxies: [{...proxy, unread: 'is terminating', asked: false}]})).toEqual(inspected('pass'))
  expect(statuses({replicas: [{pod: 'istiod-1', unread: 'no answer'}]})).toEqual(
    own.map(({code, role}) => `${code} ${role === 'deliver' ? 'unknown' : 'pass'}`),
  )
})

test.each([{manifests: true}, {inspect: false}])('%j: there are no proxies to read', (more) => {
  expect(statuses({}, {asked: {...asked, ...more}, delivered: unread('none')})).toEqual(own.map(({code}) => `${code} skipped`))
})

test('unread altogether is unknown', () => {
  expect(statuses({}, {delivered: unread('it broke')})).toEqual(own.map(({code}) => `${code} unknown`))
})
