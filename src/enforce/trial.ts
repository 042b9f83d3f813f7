import type {Kube, KubeObject} from '../io/io.ts'
import {KubeFailure} from '../model/failure.ts'
import {explainApply} from './apply-failure.ts'
import type {FoundPolicy} from './found.ts'
import {managedBy} from './plan.ts'
import {fieldManager, policyNameText, policyPathOf, previousManagedBy, previousSpec} from './policy-place.ts'

/** A policy that was raised to STRICT and is being watched: `former` is what it takes to give back what was there. */
export interface Trial {
  namespace: string
  name: string
  uid: string
  resourceVersion: string
  former: Former
}

/** `created`: there was none. `ours`: our own, in another mode. `taken`: another's, of which we touched spec, one label and one annotation. */
export type Former =
  | {was: 'created'}
  | {was: 'ours'; spec: unknown}
  | {was: 'taken'; spec: unknown; managedBy: string | null; previousSpec: string | null; previousManagedBy: string | null}

/**
 * Annotation of a policy whose STRICT is not yet verified; it holds the former state. It is written with the mode in one request, so that no
 * kill can leave a STRICT on trial that does not say so.
 */
export const onTrial = 'istio-mtls/on-trial'

/** What has to be remembered of a policy before it is changed; `found` null where there is none. */
export function formerOf(found: FoundPolicy | null, isTakenOver: boolean): Former {
  if (found === null) return {was: 'created'}
  const {spec, labels, annotations} = found
  if (!isTakenOver) return {was: 'ours', spec}
  return {was: 'taken', spec, managedBy: labels[managedByKey] ?? null, ...keptIn(annotations)}
}

function keptIn(annotations: Record<string, string>): {previousSpec: string | null; previousManagedBy: string | null} {
  return {previousSpec: annotations[previousSpec] ?? null, previousManagedBy: annotations[previousManagedBy] ?? null}
}

/** The policy as it was just written. */
export function trialOf({metadata}: KubeObject, former: Former): Trial {
  const {namespace = '', name, uid = '', resourceVersion = ''} = metadata
  return {namespace, name, uid, resourceVersion, former}
}

/** Trials that an earlier run left: it was killed before it had seen whether any caller broke. Who changed the mode since has ended the trial himself. */
export function leftTrials(policies: readonly FoundPolicy[]): Trial[] {
  return policies.flatMap(({namespace, name, uid, resourceVersion, annotations, mode}) => {
    const former = mode === 'STRICT' ? formerFrom(annotations[onTrial]) : null
    return former === null ? [] : [{namespace, name, uid, resourceVersion, former}]
  })
}

/** Ends a trial well: the policy stays, the annotation goes. Returns it as it is now, for it may yet have to be given back with others. */
export async function confirm(trial: Trial, kube: Kube): Promise<Trial> {
  const {namespace, name, former} = trial
  const written =
    former.was === 'taken'
      ? kube.patch(policyPathOf(namespace, name), {metadata: {annotations: {[onTrial]: null}}}, {fieldManager})
      : kube.apply(policyPathOf(namespace, name), ourPolicy(namespace, name, {mtls: {mode: 'STRICT'}}), {fieldManager})
  const {metadata} = await written.catch((thrown) => explainApply(thrown, policyNameText(namespace, name)))
  return {...trial, resourceVersion: metadata.resourceVersion ?? trial.resourceVersion}
}

/**
 * Gives back exactly what was there: a policy of ours that did not exist goes (the very object, by its uid), any other gets its former spec,
 * label and annotation. Who changed a policy of others meanwhile, or took over a field of ours, keeps his change, and this throws.
 */
export async function giveBack({namespace, name, uid, resourceVersion, former}: Trial, kube: Kube): Promise<void> {
  const path = policyPathOf(namespace, name)
  const explain = (thrown: unknown) => explainApply(thrown, policyNameText(namespace, name))
  if (former.was === 'created') {
    await kube.remove(path, {uid}).catch((thrown) => (thrown instanceof KubeFailure && thrown.status === 404 ? false : explain(thrown)))
  } else if (former.was === 'ours') {
    await kube.apply(path, ourPolicy(namespace, name, former.spec), {fieldManager}).catch(explain)
  } else {
    const labels = {[managedByKey]: former.managedBy}
    const annotations = {[previousSpec]: former.previousSpec, [previousManagedBy]: former.previousManagedBy, [onTrial]: null}
    const patch = {metadata: {resourceVersion, labels, annotations}, spec: inverse(former.spec)}
    await kube.patch(path, patch, {fieldManager}).catch(explain)
  }
}

/** Our own policy as it is sent; `annotations` only while on trial. */
export function ourPolicy(namespace: string, name: string, spec: unknown, annotations: Record<string, string> = {}): object {
  return {
    apiVersion: 'security.istio.io/v1',
    kind: 'PeerAuthentication',
    metadata: {name, namespace, labels: managedBy, ...(Object.keys(annotations).length === 0 ? {} : {annotations})},
    spec,
  }
}

/** A merge patch that leaves of `mtls`, the one field a take-over writes, just what was there. */
function inverse(spec: unknown): object {
  const {mtls} = (spec ?? {}) as {mtls?: {mode?: string} | null}
  if (mtls === undefined || mtls === null) return {mtls: null}
  return {mtls: {mode: mtls.mode ?? null}}
}

function formerFrom(text: string | undefined): Former | null {
  if (text === undefined) return null
  try {
    const former = JSON.parse(text) as Partial<Former>
    return former.was === 'created' || former.was === 'ours' || former.was === 'taken' ? (former as Former) : null
  } catch {
    return null
  }
}

const managedByKey = Object.keys(managedBy)[0] ?? ''
