import {selectingWebhooks} from '../derive/injection.ts'
import {meshRoots, otherDistribution} from '../derive/mesh-roots.ts'
import {check, finding, type PartialFinding} from '../model/check.ts'
import type {ControlPlane, Mesh, Webhook} from '../model/mesh.ts'
import type {DistributedRoots} from '../model/root.ts'
import type {Namespace, Pod} from '../model/workload.ts'
import {caBundleFrom} from './ca-bundle.ts'
import {distinctPodsInScope} from './in-scope.ts'
import {rowId, workloadList} from './subject.ts'

/** Each injection webhook reaches a ready istiod and can verify it; what the API server cannot see (the served certificate) is left to it. */
export const injectorTrusted = check({
  code: 'M102',
  slug: 'm102-injector-trusted',
  severity: 'error',
  needs: ['mesh', 'controlPlane', 'namespaces', 'pods'],
  uses: ['roots'],
  title: 'The injection webhooks reach istiod',
  failure: 'An injection webhook cannot reach istiod',
  why: 'A webhook that fails blocks every new pod (failurePolicy Fail) or lets it start without a proxy, in plain text (Ignore).',
  hint: 'Repair the MutatingWebhookConfiguration, or delete it when it belongs to a removed revision.',
  skip: (asked) => (asked.manifests ? 'manifests hold no running control plane' : null),
  run({mesh, controlPlane, namespaces, pods}, {asked, now}, {roots}) {
    const byConfiguration = Map.groupBy(
      controlPlane.webhooks.filter((webhook) => webhook.type === 'mutating'),
      (webhook) => webhook.configuration,
    )
    return [
      ...[...byConfiguration.values()].flatMap((webhooks) => {
        const found = faults(webhooks, controlPlane, now)
        return found.length > 0 || !roots.read ? found : strangeRoots(webhooks, controlPlane, mesh, roots.value)
      }),
      ...twice(distinctPodsInScope(pods, asked, mesh), namespaces, controlPlane.webhooks),
    ]
  },
})

/** One finding a configuration: its webhooks share service and bundle, so the first fault is the root of all. */
function faults(webhooks: Webhook[], {endpoints, webhooks: all}: ControlPlane, now: number): PartialFinding[] {
  for (const webhook of webhooks) {
    const subject = {kind: 'MutatingWebhookConfiguration', name: webhook.configuration, file: webhook.file, line: webhook.line}
    const inspect = `kubectl get mutatingwebhookconfiguration ${webhook.configuration} -o yaml`
    if (webhook.service !== null && !endpoints[`${webhook.service.namespace}/${webhook.service.name}`]) {
      const service = `${webhook.service.namespace}/${webhook.service.name}`
      const fix = `kubectl -n ${webhook.service.namespace} get endpointslices -l kubernetes.io/service-name=${webhook.service.name}\n# of a removed revision:\nkubectl delete mutatingwebhookconfiguration ${webhook.configuration}`
      return [finding(subject, `webhook \`${webhook.name}\` calls Service \`${service}\`, which has no ready endpoint`, {fix})]
    }
    if (webhook.service !== null && webhook.caBundle === '') {
      const fix = `${inspect}\nkubectl -n ${webhook.service.namespace} rollout restart deployment/${webhook.service.name}  # istiod writes the bundle when it starts`
      return [finding(subject, `webhook \`${webhook.name}\` has no caBundle: the API server cannot verify istiod`, {fix})]
    }
    const useless = webhook.caBundle === '' ? '' : uselessText(webhook.caBundle, now)
    if (useless !== '') {
      const service = webhook.service ?? {namespace: 'istio-system', name: 'istiod'}
      const fix = `${inspect}\nkubectl -n ${service.namespace} rollout restart deployment/${service.name}  # istiod writes the bundle when it starts`
      return [finding(subject, `webhook \`${webhook.name}\` has a caBundle that verifies nothing: ${useless}`, {fix})]
    }
    const other = all.find(
      (each) =>
        each.service !== null &&
        each.caBundle !== '' &&
        each.caBundle !== webhook.caBundle &&
        sameService(each, webhook) &&
        webhook.caBundle !== '',
    )
    if (other !== undefined) {
      const fix = `${inspect}\nkubectl -n ${other.service?.namespace} rollout restart deployment/${other.service?.name}`
      return [
        finding(subject, `webhook \`${webhook.name}\` and \`${other.configuration}\` trust different authorities for the same istiod`, {
          fix,
        }),
      ]
    }
  }
  return []
}

/** Whatever istiod serves: the API server verifies it only by a certificate that is valid now (Go's x509 looks at the dates of roots, too). */
function uselessText(caBundle: string, now: number): string {
  const {certificates, unreadable} = caBundleFrom(caBundle)
  if (certificates.length === 0) return unreadable > 0 ? 'its PEM blocks are no certificates' : ''
  if (certificates.some(({notBefore, notAfter}) => notBefore <= now && now < notAfter)) return ''
  const [first] = certificates.sort((a, b) => b.notAfter - a.notAfter)
  const day = (time = 0) => new Date(time).toISOString().slice(0, 10)
  return `none of its certificates is valid now (from ${day(first?.notBefore)} to ${day(first?.notAfter)})`
}

/**
 * istiod signs its own certificate with the mesh's authority, and writes the root of that into the webhook, unless it was given one of its
 * own (bootstrap/server.go:initIstiodCerts), as a file that no snapshot shows: so only a warning. Certificates of other dates are other certificates.
 */
function strangeRoots(webhooks: Webhook[], {istiods}: ControlPlane, meshes: Mesh[], roots: DistributedRoots[]): PartialFinding[] {
  for (const {name, configuration, revision, service, caBundle, file, line} of webhooks) {
    const istiod = istiods.find((each) => each.revision === (revision || 'default') && each.namespace === service?.namespace)
    const mesh = meshes.find((each) => each.revision === istiod?.revision && each.namespace === istiod.namespace)
    if (istiod === undefined || mesh === undefined || !signsItself(istiod.env) || otherDistribution(mesh, {istiods}) !== '') continue
    const handed = meshRoots(mesh, roots)
    const bundle = caBundleFrom(caBundle)
    if (handed === null || handed.certificates.length === 0 || handed.unreadable !== '' || bundle.certificates.length === 0) continue
    const known = new Set(handed.certificates.map(({notBefore, notAfter}) => `${Date.parse(notBefore)} ${Date.parse(notAfter)}`))
    if (bundle.unreadable > 0 || bundle.certificates.some(({notBefore, notAfter}) => known.has(`${notBefore} ${notAfter}`))) continue
    return [
      finding(
        {kind: 'MutatingWebhookConfiguration', name: configuration, file, line},
        `webhook \`${name}\` trusts none of the mesh's roots: unless istiod was given a certificate of another authority, the API server refuses it`,
        {
          severity: 'warning',
          fix: `kubectl get mutatingwebhookconfiguration ${configuration} -o yaml\nkubectl -n ${istiod.namespace} rollout restart deployment/${istiod.name}  # istiod writes the bundle when it starts`,
        },
      ),
    ]
  }
  return []
}

/** By these switches another signs for istiod: istio-csr, a Kubernetes signer, or nobody. */
function signsItself(env: Record<string, string>): boolean {
  return (env['ENABLE_CA_SERVER'] ?? 'true') === 'true' && (env['PILOT_CERT_PROVIDER'] ?? 'istiod') === 'istiod'
}

/** One finding a pair of configurations, whatever the number of pods that both select. */
function twice(pods: readonly Pod[], namespaces: Namespace[], webhooks: Webhook[]): PartialFinding[] {
  const byName = new Map(namespaces.map((namespace) => [namespace.name, namespace]))
  const pairs = new Map<string, {names: string[]; pods: Pod[]}>()
  for (const pod of pods) {
    const namespace = byName.get(pod.namespace)
    if (namespace === undefined) continue
    const names = [...new Set(selectingWebhooks(pod.labels, namespace, webhooks).map(({configuration}) => configuration))].sort()
    if (names.length < 2) continue
    const pair = pairs.get(names.join()) ?? {names, pods: []}
    pair.pods.push(pod)
    pairs.set(names.join(), pair)
  }
  return [...pairs.values()].map(({names, pods}) =>
    finding(
      {kind: 'MutatingWebhookConfiguration', name: names[1] ?? ''},
      `selects the same pods as \`${names[0]}\`: ${workloadList(pods)} would be injected twice`,
      {
        hint: 'Delete the webhook configuration of the revision or tag that is no longer wanted.',
        fix: `kubectl delete mutatingwebhookconfiguration ${names[1]}`,
        endpoints: [...new Set(pods.map((pod) => rowId(pod, null)))].sort(),
      },
    ),
  )
}

function sameService(left: Webhook, right: Webhook): boolean {
  return left.service?.namespace === right.service?.namespace && left.service?.name === right.service?.name
}
