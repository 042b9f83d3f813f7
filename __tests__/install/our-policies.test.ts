import {findOurPolicies, isDeleted} from '../../src/install/our-policies.ts'
import {fakeIo} from '../helpers/fake-io.ts'

const list = '/apis/security.istio.io/v1/authorizationpolicies'
const wrote = (manager: string, time: string) => ({manager, time, operation: 'Update'})
const made = '2026-11-22T18:00:00Z'
const later = '2026-11-22T19:00:00Z'

test.each<[string, {manager: string; time: string}[], Record<string, string>, boolean]>([
  ['made by us', [wrote('istio-mtls-action-policies', made)], {}, true],
  ['made by us and touched by others since', [wrote('istio-mtls-action-policies', made), wrote('kubectl-edit', later)], {}, true],
  ['made by others', [wrote('kubectl-client-side-apply', made), wrote('istio-mtls-action-policies', later)], {}, false],
  [
    'made by others, who have written to it since: the time of their last writing no longer tells',
    [wrote('istio-mtls-action-policies', later), wrote('kubectl-client-side-apply', '2026-11-22T20:00:00Z')],
    {'istio-mtls/made-by-others': 'true'},
    false,
  ],
])('an uninstall deletes only what we made: %s', async (_, managedFields, annotations, expected) => {
  const metadata = {name: 'allow', namespace: 'shop', creationTimestamp: made, annotations, managedFields}
  const io = fakeIo({kube: {[`GET ${list}?labelSelector=app.kubernetes.io%2Fmanaged-by%3Distio-mtls-action`]: [{metadata, spec: {}}]}})
  const policies = await findOurPolicies([{list}], io.kube)
  expect(policies.map(isDeleted)).toEqual([expected])
})
