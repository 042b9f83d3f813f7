import {check, finding, type PartialFinding} from '../model/check.ts'
import type {ControlPlane, Webhook} from '../model/mesh.ts'

/** Each injection webhook reaches a ready istiod and can verify it; what the API server cannot see (the served certificate) is left to it. */
export const injectorTrusted = check({
  code: 'M102',
  slug: 'm102-injector-trusted',
  severity: 'error',
  needs: ['controlPlane'],
  title: 'The injection webhooks reach istiod',
  failure: 'An injection webhook cannot reach istiod',
  why: 'A webhook that fails blocks every new pod (failurePolicy Fail) or lets it start without a proxy, in plain text (Ignore).',
  hint: 'Repair the MutatingWebhookConfiguration, or delete it when it belongs to a removed revision.',
  skip: (asked) => (asked.manifests ? 'manifests hold no running control plane' : null),
  run({controlPlane}) {
    const byConfiguration = Map.groupBy(
      controlPlane.webhooks.filter((webhook) => webhook.type === 'mutating'),
      (webhook) => webhook.configuration,
    )
    return [...byConfiguration.values()].flatMap((webhooks) => faults(webhooks, controlPlane))
  },
})

/** One finding a configuration: its webhooks share service and bundle, so the first fault is the root of all. */
function faults(webhooks: Webhook[], {endpoints, webhooks: all}: ControlPlane): PartialFinding[] {
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

function sameService(left: Webhook, right: Webhook): boolean {
  return left.service?.namespace === right.service?.namespace && left.service?.name === right.service?.name
}
