import {takeLock} from '../../src/install/lock.ts'
import {lockState} from '../../src/install/lock-state.ts'
import {releasesPath} from '../../src/install/find-install.ts'
import {type FakeIo, fakeIo, refusal, type Script} from '../helpers/fake-io.ts'

const namespacePath = '/api/v1/namespaces/istio-system'
const leases = '/apis/coordination.k8s.io/v1/namespaces/istio-system/leases'
const leasePath = `${leases}/istio-mtls-action`
const page = 'https://github.com/octo-org/shop/actions/runs/17/attempts/1'

interface Lease {
  metadata: {name: string; uid: string; resourceVersion: string; annotations?: Record<string, string>}
  spec: {holderIdentity: string; leaseDurationSeconds: number; leaseTransitions: number}
}

/** An API server's Lease: versions count up, a write at an old one conflicts; `at` sees each read before it is answered. */
function cluster(held: Lease | null, more: Script['kube'] = {}, at: (reads: number, set: (next: Lease | null) => void) => void = () => {}) {
  let lease = held
  let version = 10
  let reads = 0
  const merged = (patch: Lease): Lease => ({
    metadata: {...lease, ...lease?.metadata, ...patch.metadata, resourceVersion: String(++version)} as Lease['metadata'],
    spec: {...(lease?.spec as Lease['spec']), ...patch.spec},
  })
  const io = fakeIo({
    kube: {
      [`GET ${namespacePath}`]: {metadata: {name: 'istio-system'}},
      [`GET ${leasePath}`]: () => {
        at(++reads, (next) => {
          lease = next
        })
        return lease ?? refusal(404, 'not found')
      },
      [`POST ${leases}`]: (body: unknown) => {
        if (lease !== null) return refusal(409, 'already exists', 'AlreadyExists')
        lease = merged(body as Lease)
        lease.metadata.uid = 'u-2'
        return lease
      },
      [`PATCH ${leasePath}`]: (body: unknown) => {
        const {metadata} = body as Lease
        if (lease === null) return refusal(404, 'not found')
        if (metadata.resourceVersion !== lease.metadata.resourceVersion) return refusal(409, 'the object has been modified', 'Conflict')
        lease = merged(body as Lease)
        return lease
      },
      [`DELETE ${leasePath}`]: () => {
        lease = null
        return {}
      },
      [`GET ${releasesPath}`]: [],
      ...more,
    },
  })
  return {
    io,
    lease: () => lease,
    steal: () => {
      if (lease !== null)
        lease = {
          ...lease,
          metadata: {...lease.metadata, resourceVersion: String(++version)},
          spec: {...lease.spec, holderIdentity: 'a thief'},
        }
    },
  }
}

const others = (version = '5'): Lease => ({
  metadata: {name: 'istio-mtls-action', uid: 'u-1', resourceVersion: version, annotations: {'istio-mtls/run-url': page}},
  spec: {holderIdentity: `${page} 1234`, leaseDurationSeconds: 30, leaseTransitions: 2},
})
const wish = {
  runUrl: 'https://github.com/octo-org/shop/actions/runs/18',
  timeoutMs: 600_000,
  helmTimeoutMs: 300_000,
  insecureSkipTlsVerify: false,
  mayCreate: true,
  roots: async (): Promise<string[]> => [],
  preflight: async () => {},
}
const take = (io: FakeIo, more: Partial<typeof wish> = {}) => takeLock({...wish, ...more}, io.kube, io)
const writes = (io: FakeIo) => io.requests.filter(({method}) => method !== 'GET').map(({method, path}) => `${method} ${path}`)

test('a free cluster is locked at once, for one holder, and let go again; the state tells post in between', async () => {
  const {io, lease} = cluster(null)
  const lock = await take(io)
  expect(lock).toMatchObject({changed: false, says: 'Lease istio-system/istio-mtls-action'})
  expect(lease()?.spec.holderIdentity).toMatch(/^https:\/\/github.com\/octo-org\/shop\/actions\/runs\/18 [0-9a-f-]{36}$/)
  expect(JSON.parse(io.states[lockState] ?? '')).toMatchObject({namespace: 'istio-system', holder: lease()?.spec.holderIdentity})
  await lock.release()
  expect([lease(), io.states[lockState]]).toEqual([null, ''])
  expect(io.requests.at(-1)).toMatchObject({method: 'DELETE', options: {uid: 'u-2', resourceVersion: '11'}})
})

test('two processes of one run are two holders', async () => {
  const holders = await Promise.all(
    [1, 2].map(async () => {
      const {io, lease} = cluster(null)
      await take(io)
      return lease()?.spec.holderIdentity
    }),
  )
  expect(holders[0]).not.toBe(holders[1])
})

test('a living holder is waited for by name, and followed when it lets go', async () => {
  const {io} = cluster(others(), {}, (reads, set) => set(reads < 40 ? others(String(reads)) : reads === 40 ? null : null))
  const lock = await take(io)
  expect(lock.says).toBe(`Lease istio-system/istio-mtls-action: free after 39 s of waiting for ${page}`)
  expect(io.lines.filter((line) => line.includes(page))).toHaveLength(2)
})

test('a holder that does not renew is dead: its Lease is taken over at the version that was read', async () => {
  const {io, lease} = cluster(others())
  const lock = await take(io)
  expect(lock.says).toContain(`taken over from ${page}, which died`)
  expect(io.clock.ticks()).toBe(30_000)
  expect(lease()?.spec).toMatchObject({leaseTransitions: 3})
  expect(io.requests.find(({method}) => method === 'PATCH')?.body).toMatchObject({metadata: {resourceVersion: '5'}})
})

test('the clock of the machine that took the Lease is not believed', async () => {
  const stale = others()
  Object.assign(stale.spec, {renewTime: '2020-01-01T00:00:00.000000Z'})
  const {io} = cluster(stale)
  await take(io)
  expect(io.clock.ticks()).toBe(30_000)
})

test('after `lock-timeout` the error names the run that holds the cluster', async () => {
  const {io} = cluster(others(), {}, (reads, set) => set(others(String(reads))))
  await expect(take(io, {timeoutMs: 90_000})).rejects.toMatchObject({
    entry: 'lock-timeout',
    message: expect.stringContaining(`did not end within 90 s: \`${page}\``),
  })
  expect(writes(io)).toEqual([])
  expect(io.states[lockState]).toBe('')
})

test('a cancel ends the waiting', async () => {
  const {io} = cluster(others(), {}, (reads) => {
    if (reads === 3) io.cancel(new Error('enough'))
  })
  await expect(take(io)).rejects.toThrow('enough')
})

test.each([
  ['another process was faster', refusal(409, 'already exists', 'AlreadyExists'), others()],
  ['the answer got lost', refusal(0, 'read ECONNRESET', 'ECONNRESET'), null],
])('a create that fails because %s is settled by looking', async (_, failure, winner) => {
  let tries = 0
  const {io} = cluster(
    null,
    {
      [`POST ${leases}`]: (body: unknown) => {
        tries++
        store(winner ?? {...(body as Lease), metadata: {...(body as Lease).metadata, uid: 'u-3', resourceVersion: '7'}})
        return failure
      },
    },
    (_reads, set) => {
      store = set
    },
  )
  let store: (next: Lease | null) => void = () => {}
  const lock = await take(io)
  expect(tries).toBe(1)
  expect(lock.says).toContain(winner === null ? 'Lease istio-system/istio-mtls-action' : 'which died')
})

test('the Lease is renewed while work goes on', async () => {
  const {io, lease} = cluster(null)
  const lock = await take(io)
  for (let at = 0; at < 6; at++) await io.clock.sleep(10_000)
  expect(Number(lease()?.metadata.resourceVersion)).toBeGreaterThan(15)
  expect(() => lock.io.changes.begin()).not.toThrow()
  await lock.release()
  const before = io.requests.length
  await io.clock.sleep(60_000)
  expect(io.requests.length).toBe(before)
})

test('a Lease that another took stops the next change, and what is at work', async () => {
  const {io, lease, steal} = cluster(null)
  const lock = await take(io)
  lock.io.changes.begin()
  steal()
  await io.clock.sleep(9_000)
  expect(lock.io.cancelled.aborted).toBe(true)
  expect(() => lock.io.changes.begin()).toThrow(/lost its Lease.*took it over/)
  expect(io.changes.begun()).toBe(1)
  await lock.release()
  expect(lease()?.spec.holderIdentity).toBe('a thief')
})

test('a Lease that cannot be renewed is given up before another may take it', async () => {
  let isDown = false
  const {io} = cluster(null)
  const patch = io.kube.patch
  io.kube.patch = async (...given) => {
    if (isDown) throw refusal(0, 'no route to host', 'EHOSTUNREACH')
    return patch(...given)
  }
  io.kube.find = ((find) => async (path: string) => {
    if (isDown) throw refusal(0, 'no route to host', 'EHOSTUNREACH')
    return find(path)
  })(io.kube.find) as typeof io.kube.find
  const lock = await take(io)
  isDown = true
  await io.clock.sleep(16_000)
  expect(() => lock.io.changes.begin()).not.toThrow()
  await io.clock.sleep(8_000)
  expect(() => lock.io.changes.begin()).toThrow(/could not be renewed in time/)
})

test('on a fresh cluster the namespace is made with our mark, after the preflight and never without it', async () => {
  const {io} = cluster(null, {[`GET ${namespacePath}`]: refusal(404, 'not found')})
  expect(await take(io)).toMatchObject({changed: true, says: expect.stringContaining('namespace istio-system was made')})
  expect(writes(io)[0]).toBe('POST /api/v1/namespaces')
  expect(io.requests.find(({path}) => path === '/api/v1/namespaces')?.body).toMatchObject({
    metadata: {labels: {'app.kubernetes.io/managed-by': 'istio-mtls-action'}},
  })
  const {io: refused} = cluster(null, {[`GET ${namespacePath}`]: refusal(404, 'not found')})
  const preflight = async () => Promise.reject(new Error('downgrade'))
  await expect(take(refused, {preflight})).rejects.toThrow('downgrade')
  expect(writes(refused)).toEqual([])
})

test.each([
  ['the first root namespace that there is', ['mesh-b', 'mesh-a'], 'mesh-b'],
  ['nothing where no control plane runs', [], null],
  ["not Istio's default, which need not exist", ['istio-system'], null],
])('where nothing is to be installed and istio-system is missing, the place is %s', async (_, roots, place) => {
  const at = '/apis/coordination.k8s.io/v1/namespaces/mesh-b/leases'
  const {io} = cluster(null, {
    [`GET ${namespacePath}`]: refusal(404, 'not found'),
    'GET /api/v1/namespaces/mesh-b': {metadata: {name: 'mesh-b'}},
    [`POST ${at}`]: (body: unknown) => body,
  })
  const lock = await take(io, {mayCreate: false, roots: async () => roots})
  expect(writes(io)).toEqual(place === null ? [] : [`POST ${at}`])
  expect(lock.says).toContain(place ?? 'nothing to lock')
})

test('an account that may not write Leases is told the rule', async () => {
  const {io} = cluster(null, {[`POST ${leases}`]: refusal(403, 'leases.coordination.k8s.io is forbidden')})
  await expect(take(io)).rejects.toMatchObject({
    entry: 'permission',
    cure: expect.stringContaining('`coordination.k8s.io/leases` in `istio-system`'),
  })
})

test.each<[string, number, number, number]>([
  ['the clocks agree', 0, 100, 170],
  ['this runner is an hour ahead of the API server', -3600, 100, 170],
  ['this runner is an hour behind', 3600, 100, 170],
  ['the release is dated in the future all the same', 0, -3600, 300],
])('after a run that died, a release of ours that is pending is waited for, for its helm may live on: %s', async (_, ahead, age, wait) => {
  const serverTime = (ticks: number) => Date.parse('2026-11-22T18:00:00Z') + ahead * 1000 + ticks
  const since = serverTime(0) - age * 1000
  const {io} = cluster(others(), {
    'PROBE /version': () => ({status: 200, headers: {date: new Date(serverTime(io.clock.ticks())).toUTCString()}, body: ''}),
    [`GET ${releasesPath}`]: [
      {
        metadata: {
          name: 'sh.helm.release.v1.istiod.v1',
          creationTimestamp: new Date(since).toISOString(),
          labels: {name: 'istiod', status: 'pending-install', version: '1', 'istio-mtls/version': '1.31.1'},
        },
      },
    ],
  })
  await take(io)
  // The Lease itself is watched for 30 s first.
  expect(Math.round(io.clock.ticks() / 1000)).toBe(30 + wait)
  expect(io.lines.find((line) => line.includes('pending-install'))).toContain(`at most ${wait} s`)
})

test('a helm that uninstalls is as old as its last word, not as the release', async () => {
  const since = Date.parse('2026-11-22T18:00:00Z') - 10_000
  const labels = {name: 'istiod', status: 'uninstalling', version: '1', 'istio-mtls/version': '1.31.1', modifiedAt: String(since / 1000)}
  const {io} = cluster(others(), {
    [`GET ${releasesPath}`]: [{metadata: {namespace: 'istio-system', creationTimestamp: '2026-01-01T00:00:00Z', labels}}],
  })
  await take(io)
  expect(Math.round(io.clock.ticks() / 1000)).toBe(290)
})

test('what a repair left pending behind its own record is waited for by nobody', async () => {
  const record = (version: string, status: string) => ({
    metadata: {
      namespace: 'istio-system',
      creationTimestamp: '2026-11-22T17:59:59Z',
      labels: {name: 'istiod', status, version, 'istio-mtls/version': '1.31.1'},
    },
  })
  const {io} = cluster(others(), {
    [`GET ${releasesPath}`]: [record('3', 'deployed'), record('2', 'pending-upgrade'), record('10', 'deployed')],
  })
  await take(io)
  expect(Math.round(io.clock.ticks() / 1000)).toBe(30)
})

test('a renewal that hangs does not keep what is at work going: it is told to stop in time', async () => {
  const {io} = cluster(null)
  const lock = await take(io)
  let answer: (value: never) => void = () => {}
  io.kube.patch = () =>
    new Promise((resolve) => {
      answer = resolve
    })
  const {signal} = new AbortController()
  // The fake's clock waits for each body in turn, the machine's does not: nobody waits here.
  for (let second = 0; second < 25; second++) void io.clock.sleep(1_000, signal)
  await new Promise((resolve) => setImmediate(resolve))
  expect(lock.io.cancelled.aborted).toBe(true)
  expect(() => lock.io.changes.begin()).toThrow(/could not be renewed in time/)
  answer({metadata: {}} as never)
})
