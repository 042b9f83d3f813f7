import {expect, test} from '@jest/globals'
import {reachability} from './suite.ts'
import {cases, cellsOf} from './table.ts'

// Four cases of fifteen; all of them run in reachability.soak.test.ts.
const few = ['global mtls permissive', 'global automtls passthrough', 'mtls port override', 'migration tls disabled']
const chosen = cases.filter(({name}) => few.includes(name))

reachability(chosen, 16)

test('the table has the calls that its conditions make of three callers and five servers', () => {
  expect(chosen).toHaveLength(few.length)
  expect(cases.map((each) => cellsOf(each).length)).toEqual([84, ...Array(10).fill(42), 24, 4, 4, 4])
})
