import type {Case, Kind, PortName} from './table.ts'

/** Where the workloads of the table live, and the caller's pods beside them: nobody calls itself. */
export const namespace = 'reach'

/** Service port and container port of each echo port; https is the application's own TLS. */
export const ports: Record<Exclude<PortName, 'ws'>, {port: number; target: number; protocol: string}> = {
  http: {port: 80, target: 18080, protocol: 'http'},
  http2: {port: 85, target: 18085, protocol: 'http2'},
  https: {port: 443, target: 18443, protocol: 'https'},
  tcp: {port: 9090, target: 19090, protocol: 'tcp'},
  grpc: {port: 7070, target: 17070, protocol: 'grpc'},
}

const kinds: Kind[] = ['sidecar', 'tproxy', 'headless', 'stateful', 'naked']

/** The echo workloads of Istio's table: one of each kind, and `migration` with one version in the mesh and one outside. */
export function workloads(): object[] {
  return [
    {apiVersion: 'v1', kind: 'Namespace', metadata: {name: namespace, labels: {'istio-injection': 'enabled'}}},
    ...kinds.flatMap((kind) => [service(kind, kind === 'headless' || kind === 'stateful'), workload(kind, '', kind !== 'naked')]),
    service('migration', false),
    workload('migration', 'vistio', true),
    workload('migration', 'vlegacy', false),
    ...(['sidecar', 'tproxy', 'naked'] as const).map((kind) => caller(kind)),
  ]
}

/** What a case applies. */
export function policies({mesh, workloads: each, migration}: Case, rootNamespace: string): object[] {
  const names = [...kinds, 'migration']
  return [
    ...(mesh?.peer === undefined ? [] : [peer('default', rootNamespace, {mtls: {mode: mesh.peer}})]),
    ...(mesh?.rule === undefined
      ? []
      : [
          rule(
            'default',
            rootNamespace,
            '*',
            mesh.rule === 'PASSTHROUGH' ? {loadBalancer: {simple: 'PASSTHROUGH'}} : {tls: {mode: mesh.rule}},
          ),
        ]),
    ...(each === undefined
      ? []
      : names.flatMap((name) => [
          peer(name, namespace, {
            selector: {matchLabels: {app: name}},
            mtls: {mode: each.peer},
            ...(each.portOverride === undefined
              ? {}
              : {portLevelMtls: Object.fromEntries(Object.values(ports).map(({target}) => [target, {mode: each.portOverride}]))}),
          }),
          ...(each.rule === undefined ? [] : [rule(name, namespace, hostOf(name), {tls: {mode: each.rule}})]),
        ])),
    ...(migration === undefined ? [] : [peer('default', namespace, {mtls: {mode: 'STRICT'}}), ...migrationRoutes(migration.rule)]),
  ]
}

function migrationRoutes(mode: string): object[] {
  const tls = mode === '' ? {} : {trafficPolicy: {tls: {mode}}}
  const subset = (name: string) => ({name, labels: {version: name}, ...tls})
  const route = (name: string) => ({route: [{destination: {host: hostOf('migration'), subset: name}}]})
  return [
    {
      apiVersion: 'networking.istio.io/v1',
      kind: 'VirtualService',
      metadata: {name: 'migration', namespace},
      spec: {hosts: [hostOf('migration')], http: [{match: [{uri: {prefix: '/vistio'}}], ...route('vistio')}, route('vlegacy')]},
    },
    {
      apiVersion: 'networking.istio.io/v1',
      kind: 'DestinationRule',
      metadata: {name: 'migration', namespace},
      spec: {host: hostOf('migration'), subsets: [subset('vistio'), subset('vlegacy')], ...tls},
    },
  ]
}

function peer(name: string, where: string, spec: object): object {
  return {apiVersion: 'security.istio.io/v1', kind: 'PeerAuthentication', metadata: {name, namespace: where}, spec}
}

function rule(name: string, where: string, host: string, trafficPolicy: object): object {
  return {apiVersion: 'networking.istio.io/v1', kind: 'DestinationRule', metadata: {name, namespace: where}, spec: {host, trafficPolicy}}
}

function hostOf(name: string): string {
  return `${name}.${namespace}.svc.cluster.local`
}

function service(name: string, headless: boolean): object {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {name, namespace},
    spec: {
      ...(headless ? {clusterIP: 'None'} : {}),
      selector: {app: name},
      // Through a headless Service callers dial the pod's own address, so the ports must be the container's.
      ports: Object.entries(ports).map(([port, {port: number, target, protocol}]) => ({
        name: port,
        port: headless ? target : number,
        targetPort: target,
        appProtocol: protocol,
      })),
    },
  }
}

function workload(name: string, version: string, injected: boolean): object {
  const labels = {app: name, ...(version === '' ? {} : {version})}
  const args = Object.values(ports).map(
    ({target, protocol}) => `--${protocol === 'tcp' || protocol === 'grpc' ? protocol : 'port'}=${target}`,
  )
  const annotations = name === 'tproxy' ? {'sidecar.istio.io/interceptionMode': 'TPROXY'} : {}
  return {
    apiVersion: 'apps/v1',
    kind: name === 'stateful' ? 'StatefulSet' : 'Deployment',
    metadata: {name: version === '' ? name : `${name}-${version}`, namespace},
    spec: {
      ...(name === 'stateful' ? {serviceName: name} : {}),
      selector: {matchLabels: labels},
      template: {
        metadata: {labels: {...labels, 'sidecar.istio.io/inject': String(injected)}, annotations},
        spec: {
          terminationGracePeriodSeconds: 1,
          containers: [
            {
              name: 'app',
              image: 'docker.io/istio/app:1',
              args: [...args, `--tls=${ports.https.target}`, '--crt=/tls/crt', '--key=/tls/key'],
              ports: Object.entries(ports).map(([port, {target}]) => ({name: port, containerPort: target})),
              volumeMounts: [{name: 'tls', mountPath: '/tls'}],
              resources: {requests: {cpu: '2m', memory: '16Mi'}},
            },
          ],
          volumes: [{name: 'tls', configMap: {name: 'tls'}}],
        },
      },
    },
  }
}

/** A pod that only calls. */
function caller(kind: 'sidecar' | 'tproxy' | 'naked'): object {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: `caller-${kind}`,
      namespace,
      labels: {app: `caller-${kind}`, 'sidecar.istio.io/inject': String(kind !== 'naked')},
      annotations: kind === 'tproxy' ? {'sidecar.istio.io/interceptionMode': 'TPROXY'} : {},
    },
    spec: {
      terminationGracePeriodSeconds: 1,
      containers: [
        {
          name: 'app',
          image: 'docker.io/istio/app:1',
          command: ['/bin/sh', '-c', 'sleep 100000'],
          resources: {requests: {cpu: '2m', memory: '16Mi'}},
        },
      ],
    },
  }
}
