import fc from 'fast-check'
import {isSameJson} from '../../src/model/same-json.ts'
import {sortedKeys} from '../../src/model/sorted-keys.ts'

const text = (value: unknown) => JSON.stringify(sortedKeys(value))

test.each<[unknown, unknown]>([
  [{a: 1}, {a: 1, b: 2}],
  [{a: 1, b: 2}, {a: 1}],
  [{a: 1}, {b: 1}],
  [{}, []],
  [[], {}],
  [null, {}],
  [{}, null],
  [0, ''],
  [[1, 2], [1]],
  [{a: {b: [1]}}, {a: {b: [2]}}],
  [JSON.parse('{"__proto__": {}, "a": 1}'), {a: 1, b: 2}],
  [{toString: 'x'}, {}],
])('%j is not %j', (a, b) => {
  expect(isSameJson(a, b)).toBe(false)
  expect(isSameJson(b, a)).toBe(false)
})

test('the order of keys says nothing, that of a list does', () => {
  expect(isSameJson({a: 1, b: {c: [1, 2]}}, {b: {c: [1, 2]}, a: 1})).toBe(true)
  expect(isSameJson([1, 2], [2, 1])).toBe(false)
})

test('it agrees with the text that JSON makes of both', () => {
  const few = fc.letrec((tie) => ({
    value: fc.oneof(fc.constantFrom<unknown>(null, 0, 1, '', 'a', true), fc.array(tie('value'), {maxLength: 2}), tie('map')),
    map: fc.dictionary(fc.constantFrom('a', 'b', 'constructor'), tie('value'), {maxKeys: 2, noNullPrototype: true}),
  })).value
  fc.assert(
    fc.property(few, few, (a, b) => {
      expect(isSameJson(a, b)).toBe(text(a) === text(b))
      expect(isSameJson(a, structuredClone(a))).toBe(true)
    }),
    {numRuns: 500},
  )
})
