import {accessLogging, wideTelemetry} from '../derive/access-logging.ts'
import type {Kube, KubeObject} from '../io/io.ts'
import type {IstioObject} from '../model/policy.ts'
import type {Found} from './found.ts'
import {type Scoped, targetsOf} from './targets.ts'

/** The Telemetries that turn access logging on, in no place where it is on already; `notes` name who says otherwise and was left alone. */
export interface LoggingPlan {
  telemetries: KubeObject[]
  notes: string[]
}

/**
 * One Telemetry in each root namespace, or in each namespace of a narrower scope. Where another one without a selector is already there ours
 * would not be heeded (model/telemetry.go:namespaceWideTelemetryConfig), so that one is named instead; check M701 then judges.
 */
export async function planLogging(wish: Scoped, found: Found, policies: readonly KubeObject[], kube: Kube): Promise<LoggingPlan> {
  const live = await kube.list(telemetriesPath, telemetryFrom)
  const telemetries = withFiles(live, policies)
  const plan: LoggingPlan = {telemetries: [], notes: []}
  for (const {namespace, readers} of targetsOf(wish, found).targets) {
    const silent = readers.filter((mesh) => !accessLogging({namespace, labels: {}}, mesh, telemetries).on)
    const [mesh] = silent
    if (mesh === undefined) continue
    const heeded = wideTelemetry(namespace, mesh, telemetries)
    if (heeded === null || heeded.name === ourName) plan.telemetries.push(telemetry(namespace))
    else
      plan.notes.push(
        `Telemetry \`${namespace}/${heeded.name}\` does not log calls and was left alone: Istio heeds the oldest one without a selector in a namespace, so one of ours would change nothing.`,
      )
  }
  return plan
}

const telemetriesPath = '/apis/telemetry.istio.io/v1/telemetries'
const ourName = 'istio-mtls-access-logging'

function telemetry(namespace: string): KubeObject {
  return {
    apiVersion: 'telemetry.istio.io/v1',
    kind: 'Telemetry',
    metadata: {name: ourName, namespace},
    spec: {accessLogging: [{providers: [{name: 'envoy'}]}]},
  }
}

function telemetryFrom({metadata, spec}: KubeObject): IstioObject {
  return {
    kind: 'Telemetry',
    namespace: metadata.namespace ?? '',
    name: metadata.name,
    uid: metadata.uid ?? '',
    createdAt: metadata.creationTimestamp ?? '',
    generation: metadata.generation ?? 0,
    labels: metadata.labels ?? {},
    annotations: metadata.annotations ?? {},
    spec: (spec ?? {}) as Record<string, unknown>,
  }
}

/** The user's own files count as applied, for they are in the same run; what is only in a file is the youngest of all. */
function withFiles(live: IstioObject[], policies: readonly KubeObject[]): IstioObject[] {
  const asked = policies
    .filter(({kind}) => kind === 'Telemetry')
    .map(telemetryFrom)
    .map((each) => ({...each, createdAt: live.find((other) => isSameName(each, other))?.createdAt ?? '9999'}))
  return [...live.filter((each) => !asked.some((other) => isSameName(each, other))), ...asked]
}

function isSameName(a: IstioObject, b: IstioObject): boolean {
  return a.namespace === b.namespace && a.name === b.name
}
