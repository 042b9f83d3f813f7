import {formatWithCaller, meshConfigProblems, meshConfigValues} from '../../src/install/mesh-config-values.ts'
import type {Inputs} from '../../src/model/inputs.ts'

type Wish = Pick<Inputs, 'minTls' | 'accessLogging' | 'values'>
const wish = (changes: Partial<Wish>): Wish => ({minTls: '', accessLogging: false, values: '', ...changes})

test.each<[string, Partial<Wish>, object]>([
  ['nothing asked', {}, {}],
  ['a floor', {minTls: '1.3'}, {meshConfig: {meshMTLS: {minProtocolVersion: 'TLSV1_3'}}}],
  ['the lower floor', {minTls: '1.2'}, {meshConfig: {meshMTLS: {minProtocolVersion: 'TLSV1_2'}}}],
  ['logs', {accessLogging: true}, {meshConfig: {accessLogFormat: formatWithCaller}}],
  ['logs in the format of the user', {accessLogging: true, values: 'meshConfig: {accessLogFormat: mine}'}, {}],
  ['logs in JSON, where a text format would be an error', {accessLogging: true, values: 'meshConfig: {accessLogEncoding: JSON}'}, {}],
  ['values that are empty', {accessLogging: true, values: '# none yet'}, {meshConfig: {accessLogFormat: formatWithCaller}}],
])('values of the istiod chart: %s', (_, changes, expected) => {
  expect(meshConfigValues(wish(changes))).toEqual(expected)
})

test.each<[string, Partial<Wish>, number]>([
  ['no floor asked', {values: 'meshConfig: {meshMTLS: {minProtocolVersion: TLSV1_2}}'}, 0],
  ['the same floor', {minTls: '1.3', values: 'meshConfig: {meshMTLS: {minProtocolVersion: TLSV1_3}}'}, 0],
  ['another floor', {minTls: '1.3', values: 'meshConfig: {meshMTLS: {minProtocolVersion: TLSV1_2}}'}, 1],
  ['another part of the mesh configuration', {minTls: '1.3', values: 'meshConfig: {trustDomain: corp}'}, 0],
])('the values must not contradict `min-tls`: %s', (_, changes, count) => {
  expect(meshConfigProblems(wish(changes))).toHaveLength(count)
})
