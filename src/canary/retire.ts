import {revisionOf} from '../derive/mesh-for.ts'
import {applyRelease} from '../install/apply-release.ts'
import {pressed} from '../install/deadline.ts'
import {type FoundIstiod, istioNamespace} from '../install/found.ts'
import {findInstall} from '../install/find-install.ts'
import {uninstallArgs} from '../install/helm-args.ts'
import {runHelm} from '../install/helm-child.ts'
import {helmFailure} from '../install/helm-failure.ts'
import type {CanaryTools} from '../install/install.ts'
import {istiodRelease} from '../install/plan.ts'
import {releasePlan} from '../install/release-plan.ts'
import {valuesFor} from '../install/values.ts'
import {awaitWebhook} from '../install/webhook.ts'
import type {Io, Kube, KubeObject} from '../io/io.ts'
import type {Inputs} from '../model/inputs.ts'
import type {Pod} from '../model/workload.ts'
import {type CanaryFound, chosenRevision, isLive} from './plan.ts'

/** Machines outside the cluster whose proxies are connected, as istiod notes them on their WorkloadEntries (pilot/pkg/autoregistration). */
export const workloadEntriesPath = '/apis/networking.istio.io/v1/workloadentries'

/** Name of the istiod pod that a machine's proxy is connected to; null for an entry without a living connection. */
export function connectionFrom({metadata: {annotations = {}}}: KubeObject): string | null {
  return annotations['istio.io/disconnectedAt'] === undefined ? (annotations['istio.io/workloadController'] ?? null) : null
}

/** Who still needs a revision: proxies, namespaces, tags, machines; [] when nobody does. `connections` are names of istiod pods. */
export function usersOf({revision, name}: FoundIstiod, {pods, namespaces, webhooks}: CanaryFound, connections: string[]): string[] {
  const proxies = pods.filter((pod) => isLive(pod) && revisionServing(pod) === revision).map((pod) => `pod ${pod.namespace}/${pod.name}`)
  const labelled = namespaces.filter((each) => chosenRevision(each, webhooks) === revision).map((each) => `namespace ${each.name}`)
  const tags = [...new Set(webhooks.filter((webhook) => webhook.tag !== '' && webhook.revision === revision).map(({tag}) => `tag ${tag}`))]
  const machines = connections
    .filter((pod) => new RegExp(`^${name}-[a-z0-9]+-[a-z0-9]{5}$`).test(pod))
    .map((pod) => `a machine connected to ${pod}`)
  return [...proxies, ...labelled, ...tags, ...machines]
}

/** Injected pods say their revision in their status; gateways that istiod deploys, and ztunnel, in an annotation of their own. */
function revisionServing(pod: Pod): string {
  const own = pod.annotations['istio.io/rev']
  if (own !== undefined && revisionOf(pod) === '') return own
  if (revisionOf(pod) === '' && pod.labels['app'] === 'ztunnel') return 'default'
  return revisionOf(pod)
}

/**
 * Removes a revision that nobody uses: first the webhook that validates unlabelled objects is pointed at the new one, for without an istiod
 * behind it every Istio object of the cluster would be refused; then helm takes the release away. Returns what stands in the way, or ''.
 */
export async function retire(old: FoundIstiod, inputs: Inputs, tools: CanaryTools, kube: Kube, io: Io): Promise<string> {
  const found = await findInstall(kube)
  if (found.defaultRevision === old.revision) {
    if (tools.base === null || tools.base.path === '')
      return 'it validates objects without a revision, and the chart `base` that could change that is not ours or not at hand'
    const plan = releasePlan('base', 'istio-base', found, found.crds !== null)
    const {istioVersion: version, revision, hub} = inputs
    const values = valuesFor('base', inputs, revision || 'default')
    await applyRelease({plan, chart: tools.base, version, revision, hub, values}, tools.helm, tools.target, kube, io)
    await awaitWebhook(kube, inputs, io)
  }
  const release = {name: istiodRelease(old), namespace: istioNamespace}
  const target = pressed(tools.target, io)
  io.changes.begin()
  const result = await runHelm(uninstallArgs(release, target), tools.helm, target.timeoutMs, io)
  if (result.code === 0) return ''
  const {stdout, stderr, timedOut, signal} = result
  throw helmFailure({
    ...{release: release.name, task: `uninstall release \`${release.name}\``, output: `${stdout}\n${stderr}`},
    ...{timedOut, signal, troubles: [], hub: inputs.hub},
  })
}
