import {expect, test} from '@jest/globals'
import {authorityValid} from '../../src/checks/m107-authority-valid.ts'
import {checks} from '../../src/checks/index.ts'
import {runChecks} from '../../src/checks/run.ts'
import type {Certificate} from '../../src/model/root.ts'
import {read} from '../../src/model/part.ts'
import type {Snapshot} from '../../src/model/snapshot.ts'
import {fixture} from '../helpers/fixture.ts'

const fixtures = `${import.meta.dirname}/../fixtures`
const {snapshot} = fixture(`${fixtures}/healthy/shop.yaml`)
const sound: Certificate = {
  ...{fingerprint: '01:02:03:04:05', subject: 'O=cluster.local', keyType: 'rsa', keyBits: 2048},
  ...{notBefore: '2026-01-01T00:00:00.000Z', notAfter: '2036-01-01T00:00:00.000Z'},
}

// Of the year 2026 (365 days) a tenth is 36.5 days: from 2026-11-25T12:00 on less than that is left.
test.each<[string, Partial<Certificate>, string, string]>([
  ['exactly a tenth left', {notAfter: '2027-01-01T00:00:00.000Z'}, '2026-11-25T12:00:00Z', 'pass'],
  ['a second less', {notAfter: '2027-01-01T00:00:00.000Z'}, '2026-11-25T12:00:01Z', 'warning ends on 2027-01-01: 36 days, 10.0 %'],
  ['the last second', {notAfter: '2027-01-01T00:00:00.000Z'}, '2026-12-31T23:59:59Z', 'warning ends on 2027-01-01: 0 days, 0.0 %'],
  ['the very end', {notAfter: '2027-01-01T00:00:00.000Z'}, '2027-01-01T00:00:00Z', 'error expired on 2027-01-01'],
  ['ten days of a month', {notAfter: '2026-01-31T00:00:00.000Z'}, '2026-01-21T00:00:00Z', 'pass'],
  ['before its beginning', {}, '2025-12-31T23:59:59Z', 'error is not valid before 2026-01-01'],
  ['RSA of 2047 bits', {keyBits: 2047}, '2026-11-22T20:00:00Z', 'warning has a weak key: RSA of 2047 bits, below 2048'],
  ['P-256', {keyType: 'ec', keyBits: 256}, '2026-11-22T20:00:00Z', 'pass'],
  ['P-224', {keyType: 'ec', keyBits: 224}, '2026-11-22T20:00:00Z', 'warning has a weak key: EC of 224 bits, below 256'],
  ['Ed25519, whose size is not told', {keyType: 'ed25519', keyBits: 0}, '2026-11-22T20:00:00Z', 'pass'],
])('M107, %s', (_, change, takenAt, expected) => {
  const roots = read([{namespace: 'istio-system', certificates: [{...sound, ...change}], unreadable: ''}])
  const [result] = runChecks([authorityValid], {...snapshot, roots, takenAt}, {ignore: []})
  const [first] = result?.findings ?? []
  const said = first === undefined ? (result?.status ?? '') : `${first.severity} ${first.message.replace(/^root `[^`]*` \(`[^`]*`\) /, '')}`
  expect(said.slice(0, expected.length)).toBe(expected)
})

test('the worst of a bundle decides, and each fault is named by its own root', () => {
  const [result] = runChecks([authorityValid], fixture(`${fixtures}/checks/m107-authority-valid.yaml`).snapshot, {ignore: []})
  expect(result?.findings.map(({severity, message}) => `${severity} ${message.replace(/^root `[^`]*` \(`[^`]*`\) /, '')}`)).toEqual([
    'error expired on 2026-10-30',
    'warning has a weak key: RSA of 1024 bits, below 2048',
    // 2017-03-01 to 2027-02-27 are 3650 days.
    'warning ends on 2027-02-27: 96 days, 2.6 % of its lifetime, are left',
  ])
})

test.each([
  ['ENABLE_CLUSTER_TRUST_BUNDLE_API', 'true'],
  ['PILOT_CA_CERT_CONFIGMAP', 'our-roots'],
])('a mesh that hands out its root by %s is not judged by the ConfigMap, and M107 says that it saw nothing', (name, value) => {
  const without: Snapshot = {...snapshot, roots: read([]), controlPlane: withEnv(name, value)}
  expect(said(without)).toEqual([`M107 info hands out its root otherwise (\`${name}\`): whether it is valid was not seen`])
})

test.each([
  ['ENABLE_CLUSTER_TRUST_BUNDLE_API', 'false'],
  ['PILOT_CA_CERT_CONFIGMAP', 'istio-ca-root-cert'],
])('%s: %s changes nothing', (name, value) => {
  expect(said({...snapshot, controlPlane: withEnv(name, value)})).toEqual([])
  expect(said({...snapshot, roots: read([]), controlPlane: withEnv(name, value)})).toEqual([
    'M106 error is missing: nothing says which root this mesh has',
  ])
})

function withEnv(name: string, value: string): Snapshot['controlPlane'] {
  if (!snapshot.controlPlane.read) return snapshot.controlPlane
  const {istiods, ...more} = snapshot.controlPlane.value
  return read({...more, istiods: istiods.map((istiod) => ({...istiod, env: {...istiod.env, [name]: value}}))})
}

function said(of: Snapshot): string[] {
  const results = runChecks(checks, of, {ignore: []}).filter(({code}) => code === 'M106' || code === 'M107')
  return results.flatMap(({code, findings}) => findings.map(({severity, message}) => `${code} ${severity} ${message}`))
}
