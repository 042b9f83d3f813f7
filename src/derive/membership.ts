import type {DataPlane} from '../model/endpoint.ts'
import type {Container, Pod} from '../model/workload.ts'

/** Who enforces for a pod, from the live pod and never from the namespace's label: injection happens once, at creation (rules 21 to 23). */
export function dataPlane(pod: Pick<Pod, 'hostNetwork' | 'containers' | 'initContainers' | 'annotations'>): DataPlane {
  if (pod.hostNetwork) return 'none'
  const proxy = proxyContainer(pod)
  const role = proxy?.args[proxy.args.indexOf('proxy') + 1]
  if (proxy?.args.includes('proxy') && (role === 'router' || role === 'waypoint')) return role === 'router' ? 'gateway' : role
  if (proxy && pod.annotations['sidecar.istio.io/status'] !== undefined) return isProxyless(proxy) ? 'proxyless' : 'sidecar'
  if (pod.annotations['ambient.istio.io/redirection'] === 'enabled') return 'ambient'
  return 'none'
}

/** The container `istio-proxy`, be it ordinary or a native sidecar among the init containers (inject/app_probe.go:FindSidecar). */
export function proxyContainer(pod: Pick<Pod, 'containers' | 'initContainers'>): Container | null {
  return pod.containers.find(isProxy) ?? pod.initContainers.find(isProxy) ?? null
}

function isProxy({name}: Container): boolean {
  return name === 'istio-proxy'
}

/** True for a pod that ended: nothing listens any more (rule 22). */
export function isFinished(pod: Pick<Pod, 'phase'>): boolean {
  return pod.phase === 'Succeeded' || pod.phase === 'Failed'
}

function isProxyless({env}: Container): boolean {
  return env['ISTIO_META_GENERATOR'] === 'grpc' || env['DISABLE_ENVOY'] === 'true'
}
