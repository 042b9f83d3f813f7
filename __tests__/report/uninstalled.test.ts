import {uninstalledVerdict} from '../../src/report/uninstalled.ts'

const stage = {name: 'uninstall', status: 'done' as const, ms: 1, changed: false, says: 'nothing', steps: [], cure: '', entry: ''}

test.each<['auto' | 'never', string, string]>([
  ['auto', '', 'Nothing of this action is left in the cluster, and nothing was changed'],
  ['auto', 'canray', "Nothing of this action's revision `canray` is left in the cluster, and nothing was changed"],
  ['never', '', "None of this action's policies and labels is left in the cluster, and nothing was changed"],
])('only what was looked for is said to be gone: install %s, revision "%s"', (install, revision, reason) => {
  expect(uninstalledVerdict([stage], {install, revision})).toMatchObject({status: 'pass', reason})
})
