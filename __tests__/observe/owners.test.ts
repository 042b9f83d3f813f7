import {expect, test} from '@jest/globals'
import {type Owner, type Owners, workloadOf} from '../../src/observe/owners.ts'

const read: Owners = new Map<string, Owner | null>([
  ['shop/ReplicaSet/cart-abc', {kind: 'Deployment', name: 'cart'}],
  ['shop/ReplicaSet/alone-abc', null],
  ['shop/ReplicaSet/roll-abc', {kind: 'Rollout', name: 'roll'}],
  ['shop/Job/report-29000000', {kind: 'CronJob', name: 'report'}],
  ['shop/Job/once-29000000', null],
])
const none: Owners = new Map()

test.each<[string, Owner | null, Record<string, string>, Owners, string]>([
  ['a ReplicaSet that was read', {kind: 'ReplicaSet', name: 'cart-abc'}, {}, read, 'Deployment cart'],
  [
    'a ReplicaSet without owner, though its name has the hash',
    {kind: 'ReplicaSet', name: 'alone-abc'},
    {'pod-template-hash': 'abc'},
    read,
    'ReplicaSet alone-abc',
  ],
  ["an Argo Rollout's ReplicaSet that was read", {kind: 'ReplicaSet', name: 'roll-abc'}, {}, read, 'Rollout roll'],
  ['a Job that was read', {kind: 'Job', name: 'report-29000000'}, {}, read, 'CronJob report'],
  ['a Job without owner, though its name ends like a minute', {kind: 'Job', name: 'once-29000000'}, {}, read, 'Job once-29000000'],
  ['an unread ReplicaSet, by the hash', {kind: 'ReplicaSet', name: 'cart-abc'}, {'pod-template-hash': 'abc'}, none, 'Deployment cart'],
  [
    'an unread ReplicaSet of a Rollout',
    {kind: 'ReplicaSet', name: 'roll-abc'},
    {'rollouts-pod-template-hash': 'abc'},
    none,
    'Rollout roll',
  ],
  [
    'an unread ReplicaSet with another hash',
    {kind: 'ReplicaSet', name: 'cart-xyz'},
    {'pod-template-hash': 'abc'},
    none,
    'ReplicaSet cart-xyz',
  ],
  ['a hash without the dash before it', {kind: 'ReplicaSet', name: 'cartabc'}, {'pod-template-hash': 'abc'}, none, 'ReplicaSet cartabc'],
  ['an unread Job of a CronJob', {kind: 'Job', name: 'report-29000000'}, {}, none, 'CronJob report'],
  ['an unread Job of another name', {kind: 'Job', name: 'report-1'}, {}, none, 'Job report-1'],
  ['a StatefulSet', {kind: 'StatefulSet', name: 'db'}, {}, read, 'StatefulSet db'],
  ['nobody', null, {}, read, 'Pod p'],
])('a pod of %s', (_title, controller, labels, owners, expected) => {
  const {kind, name} = workloadOf(controller, {namespace: 'shop', name: 'p', labels}, owners)
  expect(`${kind} ${name}`).toBe(expected)
})

test('owners are looked up in the namespace of the pod alone', () => {
  expect(workloadOf({kind: 'ReplicaSet', name: 'cart-abc'}, {namespace: 'other', name: 'p', labels: {}}, read)).toEqual({
    kind: 'ReplicaSet',
    name: 'cart-abc',
  })
})
