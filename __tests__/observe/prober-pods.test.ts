import {describe, expect, test} from '@jest/globals'
import {mend} from '../../src/install/mend.ts'
import type {Dialed, KubeObject} from '../../src/io/io.ts'
import {Failure, KubeFailure} from '../../src/model/failure.ts'
import {proberEnvoy} from '../../src/observe/prober-envoy.ts'
import {injectedProxyImage, proxyImageFrom} from '../../src/observe/prober-image.ts'
import type {ProberOptions} from '../../src/observe/prober-options.ts'
import {proberPod} from '../../src/observe/prober-pod.ts'
import {openPods} from '../../src/observe/prober-pods.ts'
import {proberState} from '../../src/observe/prober-trouble.ts'
import {type FakeIo, fakeIo, type Scripted} from '../helpers/fake-io.ts'

const refused: Dialed = {unreached: 'connection refused'}
const up = {phase: 'Running', conditions: [{type: 'Ready', status: 'True'}]}
const labels = {'app.kubernetes.io/managed-by': 'istio-mtls-action', 'app.kubernetes.io/component': 'prober'}

describe('a prober pod', () => {
  const spec = {namespace: 'probers', name: 'p', image: 'i:1', imagePullSecrets: ['pull'], lifetimeS: 600, run: '42', userId: 65532}
  const pod = (more = {}) => proberPod({...spec, meshedBy: null, ...more}) as unknown as KubeObject

  test('is what Pod Security `restricted` admits, with limits and an end of its own', () => {
    expect(pod()['spec']).toMatchObject({
      restartPolicy: 'Never',
      activeDeadlineSeconds: 600,
      automountServiceAccountToken: false,
      securityContext: {runAsNonRoot: true, runAsUser: 65532, seccompProfile: {type: 'RuntimeDefault'}},
      imagePullSecrets: [{name: 'pull'}],
      containers: [
        {
          securityContext: {allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: {drop: ['ALL']}},
          resources: {limits: {cpu: '500m', memory: '128Mi'}},
        },
      ],
    })
    expect(pod()['spec']).not.toHaveProperty('hostNetwork')
  })

  test('stays out of the mesh by label and annotation, of either data plane', () => {
    expect(pod().metadata).toMatchObject({
      labels: {'sidecar.istio.io/inject': 'false', 'istio.io/dataplane-mode': 'none', 'istio-mtls/run': '42', ...labels},
      annotations: {'sidecar.istio.io/inject': 'false'},
    })
  })

  test.each([
    ['default', {'sidecar.istio.io/inject': 'true'}, undefined],
    ['canary', {'sidecar.istio.io/inject': 'true', 'istio.io/rev': 'canary'}, 'canary'],
  ])('or asks the injector of revision %s', (meshedBy, expected, rev) => {
    expect(pod({meshedBy}).metadata.labels).toMatchObject(expected)
    expect(pod({meshedBy}).metadata.labels?.['istio.io/rev']).toBe(rev)
    expect(pod({meshedBy}).metadata.annotations).toEqual({})
  })

  test('leaves the user to OpenShift', () => {
    expect(pod({userId: null})['spec']).toMatchObject({securityContext: {runAsNonRoot: true}})
    expect(JSON.stringify(pod({userId: null}))).not.toContain('runAsUser')
  })

  test('listens on its loopback alone, and has no admin port', () => {
    const {static_resources: config, admin} = JSON.parse(proberEnvoy())
    expect(config.listeners.map((each: {address: object}) => each.address)).toEqual([
      {socket_address: {address: '127.0.0.1', port_value: 15999}},
    ])
    expect(admin).toBeUndefined()
  })
})

describe('its image', () => {
  test.each([
    ['{"global":{"hub":"docker.io/istio","tag":"1.31.1","proxy":{"image":"proxyv2"}}}', 'docker.io/istio/proxyv2:1.31.1'],
    ['{"global":{"hub":"r.corp/istio","tag":"1.31.1-distroless"}}', 'r.corp/istio/proxyv2:1.31.1-distroless'],
    ['{"global":{"hub":"docker.io/istio","tag":1.3,"proxy":{"image":"proxyv2"}}}', 'docker.io/istio/proxyv2:1.3'],
    ['{"global":{"hub":"docker.io/istio","tag":"1","proxy":{"image":"r.corp/own/proxy:7"}}}', 'r.corp/own/proxy:7'],
    ['{"global":{}}', null],
    ['not JSON', null],
    ['null', null],
  ])('%s: %s', (values, image) => {
    expect(proxyImageFrom(values)).toBe(image)
  })

  test('is that of the revision', async () => {
    const configMap = {metadata: {}, data: {values: '{"global":{"hub":"h","tag":"2"}}'}}
    const {kube} = fakeIo({kube: {'GET /api/v1/namespaces/istio-system/configmaps/istio-sidecar-injector-canary': configMap}})
    expect(await injectedProxyImage({namespace: 'istio-system', revision: 'canary'}, kube)).toBe('h/proxyv2:2')
    expect(await injectedProxyImage({namespace: 'istio-system', revision: 'default'}, kube)).toBeNull()
  })
})

describe('what becomes of it', () => {
  const waiting = (reason: string, message = '') => ({
    phase: 'Pending',
    containerStatuses: [{name: 'prober', state: {waiting: {reason, message}}}],
  })
  test.each<[string, object, object]>([
    ['ready', up, {is: 'ready'}],
    ['just made', {}, {is: 'waiting', says: ''}],
    ['pulling', waiting('ContainerCreating'), {is: 'waiting', says: 'ContainerCreating'}],
    ['a pull that failed once', waiting('ErrImagePull', 'timeout'), {is: 'waiting', says: 'ErrImagePull: timeout'}],
    [
      'a pull that goes on failing',
      waiting('ImagePullBackOff', 'Back-off'),
      {is: 'failed', entry: 'prober-image', says: 'ImagePullBackOff: Back-off'},
    ],
    ['a name that is none', waiting('InvalidImageName'), {is: 'failed', entry: 'prober-image'}],
    ['a user that may not be', waiting('CreateContainerConfigError', 'non-root'), {is: 'failed', entry: 'prober-image'}],
    [
      'no room',
      {phase: 'Pending', conditions: [{type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: '0/1 nodes'}]},
      {is: 'waiting', says: 'Unschedulable: 0/1 nodes'},
    ],
    [
      'no such program',
      {
        phase: 'Failed',
        containerStatuses: [{name: 'prober', state: {terminated: {exitCode: 127, reason: 'StartError', message: 'no such file'}}}],
      },
      {is: 'failed', entry: 'prober-ended', says: 'container `prober` ended with code 127 (StartError: no such file)'},
    ],
    [
      'past its end',
      {phase: 'Failed', reason: 'DeadlineExceeded', message: 'too long'},
      {is: 'failed', says: 'DeadlineExceeded: too long'},
    ],
    ['ended by itself', {phase: 'Succeeded'}, {is: 'failed', says: 'it ended by itself'}],
    [
      "an init container that failed, of the sidecar's",
      {phase: 'Pending', initContainerStatuses: [{name: 'istio-init', state: {terminated: {exitCode: 1, reason: 'Error'}}}]},
      {is: 'failed', entry: 'prober-ended'},
    ],
    ['nonsense', {phase: 7, containerStatuses: 'x', conditions: [null]}, {is: 'waiting', says: ''}],
  ])('%s', (_title, status, expected) => {
    expect(proberState({apiVersion: 'v1', kind: 'Pod', metadata: {name: 'p'}, status})).toMatchObject(expected)
  })
})

describe('its life', () => {
  test('made, used and removed, with the namespace that was made for it', async () => {
    const io = cluster({namespace: null})
    const pods = await openPods(plan(), io.kube, io)
    const name = createdPods(io)[0]?.metadata.name ?? ''
    expect(name).toMatch(/^istio-mtls-prober-[0-9a-f]{10}$/)
    expect(created(io, 'Namespace')[0]?.metadata).toEqual({
      name: 'probers',
      labels: {...labels, 'pod-security.kubernetes.io/enforce': 'restricted'},
    })
    expect(JSON.parse(io.states['prober'] ?? '')).toEqual({kubeconfig: '/temp/kubeconfig', namespace: 'probers', names: [name]})
    expect(pods.meshDial).toBeNull()

    await pods.close()
    expect(removedPaths(io)).toEqual([`/api/v1/namespaces/probers/pods/${name}`, '/api/v1/namespaces/probers'])
    expect(io.states['prober']).toBe('')
  })

  test('is recorded for `post` before it exists', async () => {
    const io = cluster({})
    let recorded = ''
    const {create} = io.kube
    io.kube.create = async <T>(path: string, object: object, options?: {dryRun?: boolean}) => {
      recorded = io.states['prober'] ?? ''
      return create<T>(path, object, options)
    }
    await openPods(plan(), io.kube, io)
    expect(recorded).toContain(createdPods(io)[0]?.metadata.name)
  })

  test("leaves a namespace that is an administrator's", async () => {
    const io = cluster({namespace: {}})
    await (await openPods(plan(), io.kube, io)).close()
    expect(created(io, 'Namespace')).toEqual([])
    expect(removedPaths(io)).toEqual([expect.stringContaining('/pods/istio-mtls-prober-')])
  })

  test('one that could not be removed stays on record, so that `post` tries again; one that was does not', async () => {
    const io = cluster({})
    const pods = await openPods(plan(), io.kube, io)
    const {remove} = io.kube
    io.kube.remove = async () => {
      throw new Error('the deadline of the run has passed')
    }
    await pods.close()
    expect(io.states['prober']).toContain('istio-mtls-prober-')
    io.kube.remove = remove
    await pods.close()
    expect(io.states['prober']).toBe('')
  })

  test('leaves a made namespace while the prober of another run stands in it', async () => {
    const io = cluster({namespace: {labels}, pods: [{metadata: {name: 'istio-mtls-prober-other'}}]})
    await (await openPods(plan(), io.kube, io)).close()
    expect(removedPaths(io)).toEqual([expect.stringContaining('/pods/istio-mtls-prober-')])
  })

  test('a meshed one stands beside it, in a namespace that admits capture', async () => {
    const io = cluster({namespace: null, injected: true})
    const pods = await openPods(plan({meshed: true}), io.kube, io)
    expect(createdPods(io).map(({metadata}) => metadata.labels?.['sidecar.istio.io/inject'])).toEqual(['false', 'true'])
    expect(created(io, 'Namespace')[0]?.metadata.labels).toMatchObject({'pod-security.kubernetes.io/enforce': 'privileged'})
    expect(pods.meshDial).not.toBeNull()
    await pods.close()
    expect(removedPaths(io)).toHaveLength(3)
  })

  test('waits for the namespace of an earlier run to go', async () => {
    let asked = 0
    const going = {metadata: {name: 'probers', deletionTimestamp: '2026-11-22T18:00:00Z'}}
    const io = cluster({namespace: () => (asked++ < 3 ? going : undefined)})
    await openPods(plan(), io.kube, io)
    expect(created(io, 'Namespace')).toHaveLength(1)
  })

  test.each<[string, number, number]>([
    ['as long as the run may last', 300_000, 300],
    ['not much longer than half an hour', 36_000_000, 1800],
    ['never less than a minute', 1000, 60],
  ])('lives %s', async (_title, deadline, seconds) => {
    const io = cluster({})
    await openPods(plan({deadline}), io.kube, io)
    expect(createdPods(io)[0]?.['spec']).toMatchObject({activeDeadlineSeconds: seconds})
  })

  test('the probers of killed runs are removed, those at work are left', async () => {
    const ended = (name: string, status: object, ends: string) => ({
      metadata: {name, uid: name, annotations: {'istio-mtls/ends-at': ends}},
      status,
    })
    const io = cluster({
      namespace: {},
      probers: [
        ended('failed', {phase: 'Failed'}, '2026-11-22T19:00:00Z'),
        ended('overdue', {phase: 'Pending'}, '2026-11-22T17:59:00Z'),
        ended('at-work', {phase: 'Running'}, '2026-11-22T18:20:00Z'),
      ],
    })
    await openPods(plan(), io.kube, io)
    expect(io.requests.filter(({method}) => method === 'DELETE').map(({path, options}) => [path, options])).toEqual([
      ['/api/v1/namespaces/probers/pods/failed', {uid: 'failed'}],
      ['/api/v1/namespaces/probers/pods/overdue', {uid: 'overdue'}],
    ])
  })
})

describe('what keeps it from starting is said, and nothing is left', () => {
  const forbidden = (message: string) => new KubeFailure(message, {status: 403, reason: 'Forbidden', path: ''})
  test.each<[string, World, string, RegExp]>([
    [
      'Pod Security',
      {create: forbidden('pods "p" is forbidden: violates PodSecurity "restricted:latest": runAsUser=0')},
      'prober-refused',
      /violates PodSecurity/,
    ],
    [
      'an admission policy',
      {create: forbidden('admission webhook "validate.kyverno.svc-fail" denied the request: images must be signed')},
      'prober-refused',
      /images must be signed/,
    ],
    [
      'no right to create pods',
      {create: forbidden('User "ci" cannot create resource "pods" in API group ""')},
      'prober-refused',
      /cannot create resource/,
    ],
    [
      'no right to reach it',
      {dial: forbidden('pods "p" is forbidden: User "ci" cannot create resource "pods/portforward"')},
      'prober-refused',
      /cannot be reached/,
    ],
    [
      'an image that cannot be pulled',
      {
        status: {
          phase: 'Pending',
          containerStatuses: [{name: 'prober', state: {waiting: {reason: 'ImagePullBackOff', message: 'not found'}}}],
        },
      },
      'prober-image',
      /from image `i:1`: ImagePullBackOff: not found/,
    ],
    [
      'no node',
      {
        status: {
          phase: 'Pending',
          conditions: [{type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: '0/3 nodes are available'}],
        },
      },
      'prober-not-ready',
      /0\/3 nodes are available/,
    ],
    [
      'an image without Envoy',
      {
        status: {
          phase: 'Failed',
          containerStatuses: [{name: 'prober', state: {terminated: {exitCode: 128, reason: 'StartError', message: 'no such file'}}}],
        },
      },
      'prober-ended',
      /no such file/,
    ],
    ['an Envoy that does not listen', {dial: new Error('connection refused')}, 'prober-ended', /takes no connection: connection refused/],
    ['no sidecar for the meshed one', {meshed: true}, 'prober-not-injected', /got no sidecar from the injector of revision `default`/],
    [
      'no right to make its namespace',
      {namespace: null, createNamespace: forbidden('cannot create resource "namespaces"')},
      'prober-refused',
      /does not exist and could not be made/,
    ],
  ])('%s', async (_title, {meshed = false, ...world}, entry, message) => {
    const io = cluster(world)
    const failure = await openPods(plan({meshed}), io.kube, io).catch((thrown) => thrown)
    expect(failure).toBeInstanceOf(Failure)
    expect(failure).toMatchObject({entry, message: expect.stringMatching(message)})
    expect(io.states['prober']).toBe('')
    const made = created(io, 'Pod').map(({metadata}) => `/api/v1/namespaces/probers/pods/${metadata.name}`)
    if (!('create' in world)) expect(removedPaths(io)).toEqual(expect.arrayContaining(made))
  })

  test('a cancelled run waits no longer, and removes it', async () => {
    const io = cluster({status: {phase: 'Pending'}})
    const {get} = io.kube
    io.kube.get = async <T>(path: string) => {
      io.cancel()
      return get<T>(path)
    }
    await expect(openPods(plan(), io.kube, io)).rejects.toThrow('cancelled')
    expect(removedPaths(io)).toEqual([expect.stringContaining('/pods/istio-mtls-prober-')])
  })

  test('a prober that cannot be removed is told, and fails nothing', async () => {
    const io = cluster({})
    const pods = await openPods(plan(), io.kube, io)
    io.kube.remove = async () => Promise.reject(forbidden('cannot delete'))
    await pods.close()
    expect(io.annotations).toMatchObject([{level: 'warning', message: expect.stringMatching(/could not be removed: cannot delete/)}])
  })
})

describe('after a kill', () => {
  const state = {kubeconfig: '/temp/istio-mtls-kubeconfig-1/config', namespace: 'probers', names: ['istio-mtls-prober-0a1b2c3d4e']}
  const files = {'/temp/istio-mtls-kubeconfig-1/config': 'kubeconfig'}
  const mended = async (kube: Record<string, Scripted>, recorded: object = state) => {
    const io = fakeIo({state: {prober: JSON.stringify(recorded), kubeconfigs: '["/temp/istio-mtls-kubeconfig-1"]'}, files, kube})
    return {io, done: await mend(io)}
  }
  const path = '/api/v1/namespaces/probers'
  const pod = `${path}/pods/istio-mtls-prober-0a1b2c3d4e`

  test('`post` removes the pod and the namespace that was made', async () => {
    const {io, done} = await mended({
      [`DELETE ${pod}`]: {},
      [`GET ${path}`]: {metadata: {name: 'probers', labels}},
      [`GET ${path}/pods`]: [],
    })
    expect(removedPaths(io)).toEqual([pod, path])
    expect(done[0]).toBe('The prober of a killed run in namespace probers was removed.')
    expect(io.disk.size).toBe(0)
  })

  test("`post` leaves an administrator's namespace, and one where others stand", async () => {
    const admins = await mended({[`DELETE ${pod}`]: {}, [`GET ${path}`]: {metadata: {name: 'probers'}}})
    expect(removedPaths(admins.io)).toEqual([pod])
    const others = await mended({
      [`DELETE ${pod}`]: {},
      [`GET ${path}`]: {metadata: {name: 'probers', labels}},
      [`GET ${path}/pods`]: [{metadata: {name: 'x'}}],
    })
    expect(removedPaths(others.io)).toEqual([pod])
  })

  test('`post` says what it could not do, and removes the kubeconfig all the same', async () => {
    const {io, done} = await mended({[`DELETE ${pod}`]: new Error('no route to host')})
    expect(done[0]).toMatch(/could not be removed \(no route to host\); it ends by itself/)
    expect(io.disk.size).toBe(0)
  })

  test.each<[string, object]>([
    ['a pod that is no prober', {...state, names: ['cart-1']}],
    ['another path', {...state, namespace: '../../apis'}],
    ['nonsense', {names: 3}],
  ])('a record that names %s is not followed', async (_title, recorded) => {
    const {io} = await mended({}, recorded)
    expect(removedPaths(io).filter((each) => each.includes('pods/'))).toEqual([])
  })
})

interface World {
  meshed?: boolean
  injected?: boolean
  /** Its metadata beside the name; null: it is not there. */
  namespace?: object | null | (() => unknown)
  createNamespace?: Error
  create?: Error
  status?: object
  dial?: Error
  probers?: object[]
  pods?: object[]
}

function cluster({injected = false, namespace = {}, createNamespace, create, status = up, dial, probers = [], pods = []}: World): FakeIo {
  const found = typeof namespace === 'function' ? namespace : namespace === null ? undefined : {metadata: {name: 'probers', ...namespace}}
  const io = fakeIo({
    wire: {tunnel: () => ({dial: async () => (dial ? Promise.reject(dial) : refused), close: () => {}})},
    kube: {
      'GET /api/v1/namespaces/probers': found,
      'GET /api/v1/namespaces/probers/pods': pods,
      [`GET /api/v1/namespaces/probers/pods?labelSelector=${encodeURIComponent('app.kubernetes.io/managed-by=istio-mtls-action,app.kubernetes.io/component=prober')}`]:
        probers,
      ...(createNamespace ? {'POST /api/v1/namespaces': createNamespace} : {}),
      ...(create ? {'POST /api/v1/namespaces/probers/pods': create} : {}),
      'DELETE /api/v1/namespaces/probers': {},
      'DELETE /api/v1/namespaces/probers/pods/failed': {},
      'DELETE /api/v1/namespaces/probers/pods/overdue': {},
    },
  })
  const {get, remove} = io.kube
  // Its name is drawn at random.
  const isProber = (path: string) => /\/pods\/istio-mtls-prober-/.test(path)
  const annotations = injected ? {'sidecar.istio.io/status': '{}'} : {}
  io.kube.get = async <T>(path: string) => (isProber(path) ? ({metadata: {annotations}, status} as T) : get<T>(path))
  io.kube.remove = async (path, options) => (await remove(path, options)) || isProber(path)
  return io
}

function plan({meshed = false, deadline = 600_000, ...options}: Partial<ProberOptions> & {meshed?: boolean; deadline?: number} = {}) {
  return {
    options: {namespace: 'probers', image: 'i:1', fallbackImage: 'f:1', imagePullSecrets: [], ...options},
    mesh: {namespace: 'istio-system', revision: 'default'},
    meshed,
    deadline,
  }
}

function created(io: FakeIo, kind: string): KubeObject[] {
  return io.requests.flatMap(({method, body}) => (method === 'POST' && (body as KubeObject).kind === kind ? [body as KubeObject] : []))
}

function createdPods(io: FakeIo): KubeObject[] {
  return created(io, 'Pod')
}

function removedPaths(io: FakeIo): string[] {
  return io.requests.flatMap(({method, path}) => (method === 'DELETE' ? [path] : []))
}
