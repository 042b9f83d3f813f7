import type {ObjectMeta} from './policy.ts'

/** Transport of a declared port, as Kubernetes writes it. */
export type Protocol = 'TCP' | 'UDP' | 'SCTP'

/** A container, projected: args only of the capture init container and of the proxy, env only ISTIO_META_*, DISABLE_ENVOY and ISTIO_DUAL_STACK. */
export interface Container {
  name: string
  image: string
  ports: {name: string; port: number; protocol: Protocol}[]
  args: string[]
  env: Record<string, string>
  probes: HealthProbe[]
  /** `Always` on an init container makes it a native sidecar. */
  restartPolicy: string
  runAsUser: number | null
  runAsGroup: number | null
  ready: boolean
  /** Why it waits (`ImagePullBackOff: …`), or ''. */
  waiting: string
  /** How often the kubelet started it anew; absent in snapshots of older versions. */
  restarts?: number
}

/** A kubelet probe or lifecycle hook of a container; `port` is a number or a port name. */
export interface HealthProbe {
  kind: 'liveness' | 'readiness' | 'startup' | 'postStart' | 'preStop'
  type: 'http' | 'tcp' | 'grpc' | 'exec'
  port: number | string
  path: string
  scheme: string
  /** How long the kubelet takes to see it fail, in seconds: period × failureThreshold; absent for Kubernetes' default of 30. */
  patienceSeconds?: number
}

/** The shape of a pod, live or to be created. */
export interface PodShape {
  hostNetwork: boolean
  serviceAccount: string
  node: string
  securityContext: {runAsUser: number | null; runAsGroup: number | null}
  containers: Container[]
  initContainers: Container[]
}

/** A pod, projected. Annotations are an allow-list (Istio's, the CNI's and ours). */
export interface Pod extends ObjectMeta, PodShape {
  /** The topmost controller: ReplicaSets are folded into their Deployment, Jobs into their CronJob; a bare pod is kind Pod. */
  workload: {kind: string; name: string}
  phase: string
  /** `Unschedulable: …` and the like, or ''. */
  reason: string
  ready: boolean
  terminating: boolean
  ips: string[]
  /** True for the pod that Istio would create from a template (no live pod was read). */
  simulated: boolean
}

/** A controller with its pod template (Deployment, StatefulSet, DaemonSet, Job, CronJob, ReplicaSet without owner). */
export interface Template extends ObjectMeta {
  kind: string
  replicas: number
  readyReplicas: number
  selector: Record<string, string>
  pod: PodShape & {labels: Record<string, string>; annotations: Record<string, string>}
}

/** A Service, projected; `targetPort` is a number or a container port's name. */
export interface Service extends ObjectMeta {
  type: string
  clusterIP: string
  externalName: string
  selector: Record<string, string> | null
  ports: {name: string; port: number; targetPort: number | string; protocol: Protocol; appProtocol: string; nodePort: number}[]
}

/** A namespace; `phase` is Active or Terminating. */
export interface Namespace {
  name: string
  uid: string
  phase: string
  labels: Record<string, string>
  annotations: Record<string, string>
  file?: string
  line?: number
}
