import {expect, test} from '@jest/globals'
import {reachability} from './suite.ts'
import {cases, cellsOf} from './table.ts'

reachability(cases, 16)

test('the whole table is run', () => {
  expect(cases.flatMap(cellsOf)).toHaveLength(540)
})
