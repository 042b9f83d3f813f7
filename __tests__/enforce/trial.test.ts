import {enforce} from '../../src/enforce/enforce.ts'
import {namespacesPath, policiesPath} from '../../src/enforce/found.ts'
import {confirm, giveBack} from '../../src/enforce/trial.ts'
import {inputsFrom} from '../../src/inputs.ts'
import {istiodsPath, rulingMeshes} from '../../src/observe/ruling-meshes.ts'
import {fakeIo, refusal, type Script} from '../helpers/fake-io.ts'

const {inputs} = inputsFrom({HOME: '/root'})
const path = '/apis/security.istio.io/v1/namespaces/istio-system/peerauthentications/default'
const legacyPath = path.replace('/default', '/legacy')
const legacy = {
  metadata: {
    ...{namespace: 'istio-system', name: 'legacy', uid: 'u1', resourceVersion: '41', creationTimestamp: '2025-01-01T00:00:00Z'},
    labels: {'app.kubernetes.io/managed-by': 'platform'},
    annotations: {owner: 'us'},
  },
  spec: {mtls: {mode: 'PERMISSIVE'}},
}
const onTrial = 'istio-mtls/on-trial'
const guard = {allow: async () => ({isTrial: true})}

function cluster(kube: Script['kube'] = {}) {
  return fakeIo({
    kube: {
      [`GET ${istiodsPath}`]: [
        {
          metadata: {name: 'istiod', namespace: 'istio-system', labels: {app: 'istiod', 'istio.io/rev': 'default'}},
          status: {readyReplicas: 1},
        },
      ],
      [`GET ${namespacesPath}`]: ['istio-system', 'shop', 'bank'].map((name) => ({metadata: {name}, status: {phase: 'Active'}})),
      [`GET ${policiesPath}`]: [],
      'GET /apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations': [],
      'GET /apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations': [],
      ...kube,
    },
  })
}
const writes = (io: ReturnType<typeof cluster>) =>
  io.requests.filter(
    ({method, path, options}) => method !== 'GET' && !path.endsWith('reviews') && (options as {dryRun?: boolean}).dryRun !== true,
  )

test('a new policy says in the same request that it is on trial; given back it is gone, by its uid', async () => {
  const io = cluster({
    [`APPLY ${path}`]: (body: unknown) => ({...(body as object), metadata: {namespace: 'istio-system', name: 'default', uid: 'u7'}}),
    [`DELETE ${path}`]: {},
  })
  const {trials} = await enforce(inputs, io.kube, rulingMeshes, io, guard)
  expect(writes(io).at(-1)?.body).toMatchObject({metadata: {annotations: {[onTrial]: '{"was":"created"}'}}, spec: {mtls: {mode: 'STRICT'}}})
  for (const trial of trials) await giveBack(trial, io.kube)
  expect(writes(io).at(-1)).toMatchObject({method: 'DELETE', path, options: {uid: 'u7'}})
})

test('of a policy taken over, spec, mark and annotations come back as they were', async () => {
  const taken = {...legacy, metadata: {...legacy.metadata, resourceVersion: '42'}}
  const io = cluster({[`GET ${policiesPath}`]: [legacy], [`PATCH ${legacyPath}`]: taken})
  const {trials} = await enforce({...inputs, takeOver: true}, io.kube, rulingMeshes, io, guard)
  expect(writes(io).at(-1)?.body).toMatchObject({
    metadata: {annotations: {'istio-mtls/previous-managed-by': 'platform', [onTrial]: expect.stringContaining('PERMISSIVE')}},
  })
  for (const trial of trials) await giveBack(trial, io.kube)
  expect(writes(io).at(-1)?.body).toEqual({
    metadata: {
      resourceVersion: '42',
      labels: {'app.kubernetes.io/managed-by': 'platform'},
      annotations: {'istio-mtls/previous-spec': null, 'istio-mtls/previous-managed-by': null, [onTrial]: null},
    },
    spec: {mtls: {mode: 'PERMISSIVE'}},
  })
})

test('confirmed, the policy stays and only the annotation goes', async () => {
  const io = cluster()
  await confirm({namespace: 'istio-system', name: 'default', uid: 'u7', resourceVersion: '1', former: {was: 'created'}}, io.kube)
  expect(writes(io).at(-1)?.body).not.toHaveProperty('metadata.annotations')
  expect(writes(io).at(-1)?.body).toMatchObject({spec: {mtls: {mode: 'STRICT'}}})
})

test.each<[string, typeof guard | null, 'guarded' | 'immediate', string]>([
  ['guarded, it is given back and tried anew', guard, 'guarded', 'DELETE'],
  ['immediate, it is kept', null, 'immediate', 'APPLY'],
])('a trial that a killed run left: %s', async (_, by, rollout, method) => {
  const left = {
    metadata: {
      ...legacy.metadata,
      name: 'default',
      labels: {'app.kubernetes.io/managed-by': 'istio-mtls-action'},
      annotations: {[onTrial]: '{"was":"created"}'},
    },
    spec: {mtls: {mode: 'STRICT'}},
  }
  let isThere = true
  const io = cluster({
    [`GET ${policiesPath}`]: () => (isThere ? [left] : []),
    [`DELETE ${path}`]: () => {
      isThere = false
      return {}
    },
  })
  const {notes, changed} = await enforce({...inputs, rollout}, io.kube, rulingMeshes, io, by)
  expect(writes(io)[0]?.method).toBe(method)
  expect(changed).toBe(true)
  expect(notes[0]).toContain('STRICT on trial')
})

test('a guard that stops leaves nothing written', async () => {
  const io = cluster()
  const stop = {allow: async () => Promise.reject(new Error('stop'))}
  await expect(enforce(inputs, io.kube, rulingMeshes, io, stop)).rejects.toThrow('stop')
  expect(writes(io)).toEqual([])
})

test('half a change goes back at once', async () => {
  const bank = path.replace('istio-system', 'bank')
  const shop = path.replace('istio-system', 'shop')
  let tries = 0
  const io = cluster({
    [`APPLY ${bank}`]: () => (tries++ === 0 ? {metadata: {}} : refusal(403, 'is forbidden')),
    [`APPLY ${shop}`]: {metadata: {namespace: 'shop', name: 'default', uid: 'u8'}},
    [`DELETE ${shop}`]: {},
  })
  await expect(enforce({...inputs, namespaces: ['shop', 'bank']}, io.kube, rulingMeshes, io, guard)).rejects.toMatchObject({
    entry: 'permission',
  })
  expect(writes(io).map(({method, path: at}) => `${method} ${at.split('/')[5]}`)).toEqual(['APPLY shop', 'APPLY bank', 'DELETE shop'])
})

const left = (namespace: string, more: object = {}) => ({
  metadata: {
    ...{namespace, name: 'default', uid: `u-${namespace}`, resourceVersion: '41', creationTimestamp: '2025-01-01T00:00:00Z'},
    labels: {'app.kubernetes.io/managed-by': 'istio-mtls-action'},
    annotations: {[onTrial]: '{"was":"created"}'},
  },
  spec: {mtls: {mode: 'STRICT'}},
  ...more,
})

test('a trial that was left outside of the scope is not touched: this run would never put it back', async () => {
  const io = cluster({[`GET ${policiesPath}`]: [left('bank')]})
  await enforce({...inputs, namespaces: ['shop']}, io.kube, rulingMeshes, io, guard)
  expect(writes(io).filter(({path: at}) => at.includes('/bank/'))).toEqual([])
})

test('a trial whose mode somebody has changed since is over: what he wrote is not deleted', async () => {
  const io = cluster({[`GET ${policiesPath}`]: [left('istio-system', {spec: {mtls: {mode: 'PERMISSIVE'}}})]})
  await enforce(inputs, io.kube, rulingMeshes, io, guard)
  expect(writes(io).map(({method}) => method)).not.toContain('DELETE')
})

test('a run that is refused after it ended a left trial does not say that nothing was changed', async () => {
  const io = cluster({[`GET ${policiesPath}`]: [left('shop'), legacy], [`DELETE ${path.replace('istio-system', 'shop')}`]: {}})
  const refused = await enforce(inputs, io.kube, rulingMeshes, io, guard).catch((thrown) => thrown)
  expect(refused).toMatchObject({entry: 'older-policy'})
  expect(refused.cure).toContain('PeerAuthentication shop/default was STRICT on trial')
  expect(refused.cure).not.toContain(' No policy was changed.')
})

test('of half a change all goes back that can, and what cannot is named', async () => {
  const at = (namespace: string) => path.replace('istio-system', namespace)
  let tries = 0
  const failed: unknown[] = []
  const io = cluster({
    [`GET ${namespacesPath}`]: ['a', 'b', 'c', 'istio-system'].map((name) => ({metadata: {name}, status: {phase: 'Active'}})),
    [`APPLY ${at('a')}`]: {metadata: {namespace: 'a', name: 'default', uid: 'ua'}},
    [`APPLY ${at('b')}`]: {metadata: {namespace: 'b', name: 'default', uid: 'ub'}},
    [`APPLY ${at('c')}`]: () => (tries++ === 0 ? {metadata: {}} : refusal(403, 'is forbidden')),
    [`DELETE ${at('a')}`]: refusal(409, 'uid differs'),
    [`DELETE ${at('b')}`]: {},
  })
  const by = {...guard, failed: (stuck: unknown) => failed.push(stuck)}
  await expect(enforce({...inputs, namespaces: ['a', 'b', 'c']}, io.kube, rulingMeshes, io, by)).rejects.toMatchObject({
    entry: 'permission',
    message: expect.stringMatching(/STILL STRICT on trial: PeerAuthentication `a\/default`/),
  })
  expect(
    writes(io)
      .slice(-2)
      .map(({method, path: to}) => `${method} ${to.split('/')[5]}`),
  ).toEqual(['DELETE a', 'DELETE b'])
  expect(failed).toMatchObject([[{trial: {namespace: 'a'}}]])
})

test('a write whose answer got lost is given back, too', async () => {
  let tries = 0
  let isThere = false
  const io = cluster({
    [`APPLY ${path}`]: () => {
      if (tries++ === 0) return {metadata: {}}
      isThere = true
      return refusal(0, 'socket hang up')
    },
    [`GET ${path}`]: () => (isThere ? left('istio-system') : refusal(404, 'not found')),
    [`DELETE ${path}`]: {},
  })
  await expect(enforce(inputs, io.kube, rulingMeshes, io, guard)).rejects.toThrow('socket hang up')
  expect(writes(io).at(-1)).toMatchObject({method: 'DELETE', path, options: {uid: 'u-istio-system'}})
})

test('an account that could not take the trial back is told so before anything is written', async () => {
  const io = cluster({'POST /apis/authorization.k8s.io/v1/selfsubjectaccessreviews': {status: {allowed: false}}})
  await expect(enforce(inputs, io.kube, rulingMeshes, io, guard)).rejects.toMatchObject({entry: 'permission'})
  expect(writes(io)).toEqual([])
})

test('after the Lease was lost nothing is given back: the run that took over does that', async () => {
  const at = (namespace: string) => path.replace('istio-system', namespace)
  let begun = 0
  const io = cluster({[`APPLY ${at('shop')}`]: {metadata: {namespace: 'shop', name: 'default', uid: 'u8'}}})
  const changes = {
    begun: () => begun,
    begin: () => {
      if (++begun > 1) throw new Error('this run lost its Lease')
    },
  }
  await expect(enforce({...inputs, namespaces: ['shop', 'bank']}, io.kube, rulingMeshes, {...io, changes}, guard)).rejects.toThrow(
    'STILL STRICT',
  )
  expect(writes(io).map(({method}) => method)).toEqual(['APPLY'])
})

test('one that was confirmed is given back at its new version, for another could not be confirmed', async () => {
  const former = {was: 'taken', spec: legacy.spec, managedBy: 'platform', previousSpec: null, previousManagedBy: null} as const
  const io = cluster({[`PATCH ${legacyPath}`]: {...legacy, metadata: {...legacy.metadata, resourceVersion: '43'}}})
  const trial = {namespace: 'istio-system', name: 'legacy', uid: 'u1', resourceVersion: '42', former}
  await giveBack(await confirm(trial, io.kube), io.kube)
  expect(writes(io).at(-1)?.body).toMatchObject({metadata: {resourceVersion: '43'}, spec: legacy.spec})
})
