import {describe, expect, test} from '@jest/globals'
import {parse} from 'yaml'
import {captureOf} from '../../src/derive/capture.ts'
import type {KubeObject} from '../../src/io/io.ts'
import {podFrom} from '../../src/observe/project-pod.ts'

/** A sidecar pod as the injector writes it, with everything a snapshot must not hold. */
const injected = parse(`
apiVersion: v1
kind: Pod
metadata:
  name: cart-7d9c8b5f4-abcde
  namespace: shop
  uid: u1
  creationTimestamp: "2026-11-22T18:00:00Z"
  labels: {app: cart, pod-template-hash: 7d9c8b5f4, security.istio.io/tlsMode: istio}
  annotations:
    sidecar.istio.io/status: '{"revision":"default"}'
    traffic.sidecar.istio.io/excludeInboundPorts: "9000"
    ambient.istio.io/redirection: pending
    istio-mtls/owner: team-cart
    k8s.v1.cni.cncf.io/networks: storage
    kubectl.kubernetes.io/last-applied-configuration: '{"password":"hunter2"}'
    example.com/token: hunter2
    notistio.io/token: hunter2
    proxy.istio.io/config: |
      interceptionMode: TPROXY
      proxyMetadata: {ISTIO_META_DNS_CAPTURE: "true", API_TOKEN: hunter2}
  ownerReferences:
    - {apiVersion: apps/v1, kind: ReplicaSet, name: cart-7d9c8b5f4, uid: r1, controller: true}
spec:
  serviceAccountName: cart
  nodeName: node-1
  securityContext: {runAsUser: 1000}
  initContainers:
    - name: istio-init
      image: docker.io/istio/proxyv2:1.31.1
      args: [istio-iptables, -m, REDIRECT, -b, "*", -d, "15090,15021,15020,9000"]
    - name: migrate
      args: [--password=hunter2]
      securityContext: {runAsUser: 1337, runAsGroup: 1337}
    - name: istio-proxy
      restartPolicy: Always
      args: [proxy, sidecar]
      env:
        - {name: ISTIO_META_INTERCEPTION_MODE, value: REDIRECT}
        - {name: ISTIO_META_POD_PORTS, value: '[{"containerPort":8080}]'}
        - {name: ISTIO_META_POD, valueFrom: {fieldRef: {fieldPath: metadata.name}}}
        - {name: DISABLE_ENVOY, value: "true"}
        - {name: PROXY_CONFIG, value: hunter2}
  containers:
    - name: app
      image: cart:1
      args: [--password=hunter2]
      env: [{name: PASSWORD, value: hunter2}]
      ports:
        - {name: http, containerPort: 8080}
        - {containerPort: 5353, protocol: UDP}
        - {containerPort: 70000}
      readinessProbe: {httpGet: {port: http, path: /ready}}
      livenessProbe: {tcpSocket: {port: 8080}}
      startupProbe: {grpc: {port: 9090, service: health}}
      lifecycle: {postStart: {exec: {command: [hunter2]}}, preStop: {httpGet: {port: 8080, path: /stop, scheme: HTTPS}}}
status:
  phase: Running
  podIP: 10.244.0.9
  podIPs: [{ip: 10.244.0.9}, {ip: "fd00::9"}]
  conditions: [{type: Ready, status: "True"}]
  containerStatuses: [{name: app, ready: true}]
  initContainerStatuses: [{name: istio-proxy, ready: false, state: {waiting: {reason: ImagePullBackOff, message: no such image}}}]
`) as KubeObject

describe('a pod, projected', () => {
  const pod = podFrom(injected)
  const [init, migrate, proxy] = pod.initContainers
  const [app] = pod.containers

  test('holds nothing that a Secret could have been put into', () => {
    expect(JSON.stringify(pod)).not.toContain('hunter2')
  })

  test('keeps the annotations that mesh questions need, and no others', () => {
    expect(pod.annotations).toEqual({
      'sidecar.istio.io/status': '{"revision":"default"}',
      'traffic.sidecar.istio.io/excludeInboundPorts': '9000',
      'ambient.istio.io/redirection': 'pending',
      'istio-mtls/owner': 'team-cart',
      'k8s.v1.cni.cncf.io/networks': 'storage',
      'proxy.istio.io/config': '{"proxyMetadata":{"ISTIO_META_DNS_CAPTURE":"true"},"interceptionMode":"TPROXY"}',
    })
  })

  test('rules 21 and 33: args of the capture and of the proxy, of no other container', () => {
    expect(init?.args).toEqual(['istio-iptables', '-m', 'REDIRECT', '-b', '*', '-d', '15090,15021,15020,9000'])
    expect(proxy?.args).toEqual(['proxy', 'sidecar'])
    expect([migrate?.args, app?.args]).toEqual([[], []])
  })

  test('literal ISTIO_META_* and DISABLE_ENVOY only, but for what the pod says anyway', () => {
    expect(proxy?.env).toEqual({ISTIO_META_INTERCEPTION_MODE: 'REDIRECT', DISABLE_ENVOY: 'true'})
    expect(app?.env).toEqual({})
  })

  test('status of native sidecars stands beside their spec', () => {
    expect(proxy).toMatchObject({restartPolicy: 'Always', ready: false, waiting: 'ImagePullBackOff: no such image'})
    expect(app).toMatchObject({ready: true, waiting: ''})
  })

  test('ports, with TCP where no protocol is written and without impossible ones', () => {
    expect(app?.ports).toEqual([
      {name: 'http', port: 8080, protocol: 'TCP'},
      {name: '', port: 5353, protocol: 'UDP'},
    ])
  })

  test('rule 39: every kind of kubelet probe', () => {
    expect(app?.probes).toEqual([
      {kind: 'liveness', type: 'tcp', port: 8080, path: '', scheme: ''},
      {kind: 'readiness', type: 'http', port: 'http', path: '/ready', scheme: 'HTTP'},
      {kind: 'startup', type: 'grpc', port: 9090, path: 'health', scheme: ''},
      {kind: 'postStart', type: 'exec', port: 0, path: '', scheme: ''},
      {kind: 'preStop', type: 'http', port: 8080, path: '/stop', scheme: 'HTTPS'},
    ])
  })

  test('identity, addresses and place', () => {
    expect(pod).toMatchObject({
      namespace: 'shop',
      name: 'cart-7d9c8b5f4-abcde',
      workload: {kind: 'Deployment', name: 'cart'},
      serviceAccount: 'cart',
      node: 'node-1',
      ips: ['10.244.0.9', 'fd00::9'],
      phase: 'Running',
      ready: true,
      terminating: false,
      hostNetwork: false,
      simulated: false,
      securityContext: {runAsUser: 1000, runAsGroup: null},
    })
    expect(migrate).toMatchObject({runAsUser: 1337, runAsGroup: 1337})
  })
})

describe('a pod in trouble', () => {
  test.each([
    [
      'unschedulable',
      {conditions: [{type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: '0/1 nodes'}]},
      'Unschedulable: 0/1 nodes',
    ],
    ['evicted', {reason: 'Evicted', message: 'low on memory'}, 'Evicted: low on memory'],
    ['without a word', {}, ''],
  ])('%s', (_title, status, reason) => {
    expect(podFrom({...injected, status}).reason).toBe(reason)
  })

  test('one that is being deleted is terminating', () => {
    expect(podFrom({...injected, metadata: {...injected.metadata, deletionTimestamp: '2026-11-22T18:01:00Z'}}).terminating).toBe(true)
  })

  test('without namespace and service account: those that the API server fills in', () => {
    expect(podFrom({apiVersion: 'v1', kind: 'Pod', metadata: {name: 'a'}})).toMatchObject({
      namespace: 'default',
      serviceAccount: 'default',
      phase: '',
    })
  })
})

test('the dual-stack switch of the capture, as the injector writes it in a mesh with ISTIO_DUAL_STACK (rule 33)', () => {
  // files/injection-template.yaml copies defaultConfig.proxyMetadata into the env of istio-init and of istio-proxy alike.
  const pod = podFrom(
    parse(`
apiVersion: v1
kind: Pod
metadata: {name: cart-5c7f9d6b8-2xk4q, namespace: shop, annotations: {sidecar.istio.io/status: '{"revision":"default"}'}}
spec:
  initContainers:
    - name: istio-init
      image: docker.io/istio/proxyv2:1.31.1
      args: [istio-iptables, -p, "15001", -z, "15006", -u, "1337", -m, REDIRECT, -i, "*", -x, "", -b, "*", -d, "15090,15021,15020", --log_output_level=default:info]
      env: [{name: ISTIO_DUAL_STACK, value: "true"}, {name: ISTIO_DUAL_STACK_TOKEN, value: hunter2}]
    - name: istio-proxy
      restartPolicy: Always
      args: [proxy, sidecar]
      env: [{name: ISTIO_DUAL_STACK, value: "true"}, {name: PROXY_CONFIG, value: '{"proxyMetadata":{"ISTIO_DUAL_STACK":"true"}}'}]
  containers: [{name: app, image: cart:1, env: [{name: PASSWORD, value: hunter2}]}]
status: {phase: Running, podIPs: [{ip: 10.244.0.9}, {ip: "fd00::9"}]}
`) as KubeObject,
  )
  expect([...pod.initContainers, ...pod.containers].map(({env}) => env)).toEqual([
    {ISTIO_DUAL_STACK: 'true'},
    {ISTIO_DUAL_STACK: 'true'},
    {},
  ])
  expect(captureOf(pod).dualStack).toBe(true)
})
