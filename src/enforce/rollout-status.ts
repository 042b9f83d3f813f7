import type {KubeObject} from '../io/io.ts'

/** How far a rollout is: `done`, `waiting` (and for what), or `failed` for good. */
export interface RolloutStatus {
  is: 'done' | 'waiting' | 'failed'
  says: string
}

/** What a rollout's object says of it, as `kubectl rollout status` reads it (kubectl pkg/polymorphichelpers/rollout_status.go). */
export function rolloutStatus({kind, metadata, spec, status}: KubeObject): RolloutStatus {
  const want = (spec ?? {}) as Spec
  const has = (status ?? {}) as Status
  if ((has.observedGeneration ?? 0) < (metadata.generation ?? 0)) return waiting('its controller to notice the change')
  if (kind === 'DaemonSet') return daemonSetStatus(has)
  return kind === 'StatefulSet' ? statefulSetStatus(want, has) : deploymentStatus(want, has)
}

/** Why a restart would replace no pod, or none that can be waited for; null where nothing stands in the way. */
export function restartObstacle({kind, spec}: KubeObject): string | null {
  const {paused, updateStrategy} = (spec ?? {}) as Spec
  if (paused === true) return 'its rollout is paused'
  if (kind !== 'Deployment' && updateStrategy?.type === 'OnDelete')
    return 'its update strategy is OnDelete: its pods are only replaced when somebody deletes them'
  if (kind === 'StatefulSet' && (updateStrategy?.rollingUpdate?.partition ?? 0) > 0)
    return `its update strategy keeps the pods below partition ${updateStrategy?.rollingUpdate?.partition} as they are`
  return null
}

interface Spec {
  replicas?: number
  paused?: boolean
  updateStrategy?: {type?: string; rollingUpdate?: {partition?: number}}
}

interface Status {
  observedGeneration?: number
  replicas?: number
  updatedReplicas?: number
  availableReplicas?: number
  readyReplicas?: number
  currentRevision?: string
  updateRevision?: string
  desiredNumberScheduled?: number
  updatedNumberScheduled?: number
  numberAvailable?: number
  conditions?: {type: string; status: string; reason?: string; message?: string}[]
}

function deploymentStatus({replicas: wanted = 1}: Spec, status: Status): RolloutStatus {
  const {replicas = 0, updatedReplicas = 0, availableReplicas = 0, conditions = []} = status
  const stuck = conditions.find(({type, reason}) => type === 'Progressing' && reason === 'ProgressDeadlineExceeded')
  if (stuck !== undefined) return {is: 'failed', says: stuck.message ?? 'its progress deadline is over'}
  const refused = conditions.find((condition) => condition.type === 'ReplicaFailure' && condition.status === 'True')
  const because = refused === undefined ? '' : ` (${refused.message ?? refused.reason})`
  if (updatedReplicas < wanted) return waiting(`${updatedReplicas} of ${wanted} pods are new${because}`)
  if (replicas > updatedReplicas) return waiting(`${replicas - updatedReplicas} old pods are still there`)
  if (availableReplicas < updatedReplicas) return waiting(`${availableReplicas} of ${updatedReplicas} new pods are available${because}`)
  return {is: 'done', says: `${updatedReplicas} pods`}
}

function statefulSetStatus({replicas: wanted = 1}: Spec, status: Status): RolloutStatus {
  const {updatedReplicas = 0, readyReplicas = 0, currentRevision, updateRevision} = status
  if (wanted === 0) return {is: 'done', says: '0 pods'}
  if (updateRevision !== currentRevision) return waiting(`${updatedReplicas} of ${wanted} pods are new, ${readyReplicas} are ready`)
  if (readyReplicas < wanted) return waiting(`${readyReplicas} of ${wanted} pods are ready`)
  return {is: 'done', says: `${wanted} pods`}
}

function daemonSetStatus({desiredNumberScheduled = 0, updatedNumberScheduled = 0, numberAvailable = 0}: Status): RolloutStatus {
  if (updatedNumberScheduled < desiredNumberScheduled) return waiting(`${updatedNumberScheduled} of ${desiredNumberScheduled} pods are new`)
  if (numberAvailable < desiredNumberScheduled) return waiting(`${numberAvailable} of ${desiredNumberScheduled} pods are available`)
  return {is: 'done', says: `${desiredNumberScheduled} pods`}
}

function waiting(says: string): RolloutStatus {
  return {is: 'waiting', says}
}
