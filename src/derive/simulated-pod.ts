import type {Webhook} from '../model/mesh.ts'
import type {Container, Namespace, Pod, Template} from '../model/workload.ts'
import {injection, isAmbientWanted} from './injection.ts'

/** Mesh-wide defaults that a pod's annotations override; Istio's own where left out. */
export interface InjectionDefaults {
  /** meshConfig.defaultConfig.interceptionMode. */
  interceptionMode?: string
}

/**
 * The pod that Kubernetes and Istio would create from a template: with the proxy, the capture arguments and the status annotation that the
 * injector writes, or as it stands when nothing injects it (inject files/injection-template.yaml; rules 28 to 36). Never proven: it does not run.
 */
export function simulatedPod(
  template: Template,
  namespace: Pick<Namespace, 'name' | 'labels'>,
  webhooks: readonly Webhook[],
  defaults: InjectionDefaults = {},
): Pod {
  const {labels, annotations, ...shape} = template.pod
  const {kind, name, uid, createdAt, generation, file, line} = template
  const pod: Pod = {
    ...{namespace: template.namespace, name, uid, createdAt, generation},
    ...(file === undefined ? {} : {file}),
    ...(line === undefined ? {} : {line}),
    labels,
    annotations,
    ...shape,
    workload: {kind, name},
    phase: '',
    reason: '',
    ready: false,
    terminating: false,
    ips: [],
    simulated: true,
  }
  if (annotations['sidecar.istio.io/status'] !== undefined) return pod
  const answer = injection(pod, namespace, webhooks)
  if (answer.injected) return injected(pod, answer.revision, defaults)
  if (!isAmbientWanted(pod, namespace)) return pod
  return {...pod, annotations: {...annotations, 'ambient.istio.io/redirection': 'enabled'}}
}

function injected(pod: Pod, revision: string, defaults: InjectionDefaults): Pod {
  const kind = templateKind(pod)
  const mode = pod.annotations['sidecar.istio.io/interceptionMode'] ?? defaults.interceptionMode ?? 'REDIRECT'
  const own = [...pod.containers, ...pod.initContainers].find(({name}) => name === proxyName)
  const proxy: Container = {...(own ?? emptyContainer(proxyName)), ...roles[kind], restartPolicy: ''}
  proxy.ports = own?.ports.length ? own.ports : [{name: 'http-envoy-prom', port: 15090, protocol: 'TCP'}]
  proxy.env = {...own?.env, ...roles[kind].env, ISTIO_META_INTERCEPTION_MODE: mode}
  const isNative = kind === 'sidecar' && pod.annotations['sidecar.istio.io/nativeSidecar'] !== 'false'
  const [containers, initContainers] = [without(pod.containers, proxyName), without(pod.initContainers, proxyName)]
  const capture = kind === 'sidecar' && mode !== 'NONE' ? [captureContainer(pod, mode)] : []
  return {
    ...pod,
    labels: {...(kind === 'proxyless' ? {} : {'security.istio.io/tlsMode': 'istio'}), ...pod.labels},
    annotations: {...pod.annotations, 'istio.io/rev': revision, 'sidecar.istio.io/status': JSON.stringify({revision})},
    containers: isNative ? containers : [...containers, proxy],
    initContainers: [...capture, ...(isNative ? [{...proxy, restartPolicy: 'Always'}] : []), ...initContainers],
  }
}

type TemplateKind = 'sidecar' | 'gateway' | 'proxyless'

function templateKind({annotations}: Pod): TemplateKind {
  const templates = (annotations['inject.istio.io/templates'] ?? 'sidecar').split(',').map((name) => name.trim())
  if (templates.includes('gateway')) return 'gateway'
  return templates.some((name) => name.startsWith('grpc-')) ? 'proxyless' : 'sidecar'
}

const roles: Record<TemplateKind, Pick<Container, 'args' | 'env'>> = {
  sidecar: {args: ['proxy', 'sidecar'], env: {}},
  gateway: {args: ['proxy', 'router'], env: {}},
  proxyless: {args: ['proxy', 'sidecar'], env: {ISTIO_META_GENERATOR: 'grpc', DISABLE_ENVOY: 'true'}},
}

function captureContainer({annotations}: Pod, mode: string): Container {
  const traffic = (name: string) => annotations[`traffic.sidecar.istio.io/${name}`]
  const args = ['istio-iptables', '-p', '15001', '-z', '15006', '-u', '1337', '-m', mode]
  args.push('-i', traffic('includeOutboundIPRanges') ?? '*', '-x', traffic('excludeOutboundIPRanges') ?? '')
  args.push('-b', traffic('includeInboundPorts') ?? '*')
  args.push('-d', `15090,15021,${withPort(traffic('excludeInboundPorts') ?? '', annotations['status.sidecar.istio.io/port'] ?? '15020')}`)
  for (const [flag, name] of optionalFlags) {
    const value = traffic(name)
    if (value !== undefined) args.push(flag, value)
  }
  return {...emptyContainer('istio-init'), args}
}

const optionalFlags: [string, string][] = [
  ['-q', 'includeOutboundPorts'],
  ['-o', 'excludeOutboundPorts'],
  ['-c', 'excludeInterfaces'],
]

/** inject/template.go:excludeInboundPort: the agent's status port is always left out. */
function withPort(list: string, port: string): string {
  const ports = list.split(',').map((item) => item.trim())
  return ports.includes(port) ? list : [...ports.filter(Boolean), port].join(',')
}

function without(containers: readonly Container[], name: string): Container[] {
  return containers.filter((container) => container.name !== name)
}

function emptyContainer(name: string): Container {
  return {
    name,
    image: '',
    ports: [],
    args: [],
    env: {},
    probes: [],
    restartPolicy: '',
    runAsUser: null,
    runAsGroup: null,
    ready: false,
    waiting: '',
  }
}

const proxyName = 'istio-proxy'
