import {reach} from '../../src/install/reach.ts'
import {fakeIo, refusal, type Script} from '../helpers/fake-io.ts'

const cluster = (kube: Script['kube'] = {}) =>
  fakeIo({
    kube: {
      'GET /version': {gitVersion: 'v1.37.2'},
      'GET /api/v1/namespaces/kube-system': {metadata: {name: 'kube-system', uid: 'uid-1'}},
      ...kube,
    },
  }).kube

test.each(['', 'https://api.test:6443/', 'HTTPS://API.TEST:6443', 'uid-1'])('expected-cluster may be `%s`', async (expected) => {
  await expect(reach(cluster(), expected)).resolves.toBeUndefined()
})

test.each(['https://other.test:6443', 'uid-2'])('stops on a cluster that is not %s', async (expected) => {
  await expect(reach(cluster(), expected)).rejects.toMatchObject({
    entry: 'wrong-cluster',
    message: expect.stringContaining(expected),
    cure: expect.stringContaining('Nothing was changed'),
  })
})

test.each<[string, Script['kube'], string, RegExp]>([
  [
    'an API server that does not answer',
    {'GET /version': refusal(0, 'connect ECONNREFUSED')},
    'unreachable',
    /api\.test:6443` does not answer: connect ECONNREFUSED/,
  ],
  ['credentials that are refused', {'GET /version': refusal(401, 'Unauthorized')}, 'credentials', /refuses the credentials/],
])('explains %s', async (_, kube, entry, says) => {
  await expect(reach(cluster(kube), '')).rejects.toMatchObject({entry, message: expect.stringMatching(says)})
})
