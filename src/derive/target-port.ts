import type {Pod, Service} from '../model/workload.ts'

/**
 * The container port that a Service port reaches on a pod, or null when no container declares the named port with that protocol
 * (rule 14). A number stands for itself, declared or not; among init containers only native sidecars count (k8s podutil.FindPort).
 */
export function resolveTargetPort(
  pod: Pick<Pod, 'containers' | 'initContainers'>,
  {targetPort, protocol}: Pick<Service['ports'][number], 'targetPort' | 'protocol'>,
): number | null {
  if (typeof targetPort === 'number') return targetPort
  const ports = listeningContainers(pod).flatMap((container) => container.ports)
  return ports.find((declared) => declared.name === targetPort && declared.protocol === protocol)?.port ?? null
}

/** Containers that keep listening: all ordinary ones and native sidecars. */
export function listeningContainers(pod: Pick<Pod, 'containers' | 'initContainers'>): Pod['containers'] {
  return [...pod.containers, ...pod.initContainers.filter(({restartPolicy}) => restartPolicy === 'Always')]
}
