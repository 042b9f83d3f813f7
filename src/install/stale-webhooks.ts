import {selectorMatches} from '../derive/label-selector.ts'
import type {Kube} from '../io/io.ts'
import type {Problem} from '../model/problem.ts'
import {istioNamespace} from './found.ts'
import type {FoundWebhook, Rule} from './webhooks-found.ts'

/** The webhooks that point at a Service which does not exist: they refuse (`Fail`) what they select, or let it through unseen. */
export async function staleWebhooks(webhooks: FoundWebhook[], kube: Kube): Promise<FoundWebhook[]> {
  const services = [...new Set(webhooks.map(({service}) => service))].filter(Boolean)
  const gone = new Set((await Promise.all(services.map(async (service) => ((await exists(service, kube)) ? [] : [service])))).flat())
  return webhooks.filter(({service}) => gone.has(service))
}

/**
 * `problems`: what would refuse the objects of this install, so it must go first. `warnings`: Istio's own webhooks that point at nothing and
 * are in nobody's way yet. `coming`: names of the Services that this run makes in istio-system, whose webhooks heal by themselves.
 */
export function judgeStale(
  stale: FoundWebhook[],
  coming: string[],
  namespaceLabels: Record<string, string>,
): {problems: Problem[]; warnings: string[]} {
  const left = stale.filter(({service}) => !coming.includes(service))
  const blocks = (webhook: FoundWebhook) =>
    webhook.fails && isAsked(webhook.rules) && selectorMatches(webhook.namespaceSelector, namespaceLabels)
  return {
    problems: left.filter(blocks).map((webhook) => ({
      says: `${text(webhook)}: it would refuse what an install makes in \`${istioNamespace}\`.`,
      cure: `Restore that Service, or delete the leftover: \`kubectl delete ${webhook.kind.toLowerCase()} ${webhook.configuration}\`.`,
      entry: 'stale-webhook',
    })),
    warnings: left
      .filter((webhook) => webhook.isIstios && !blocks(webhook))
      .map((webhook) => `${text(webhook)}. If nobody needs it: \`kubectl delete ${webhook.kind.toLowerCase()} ${webhook.configuration}\`.`),
  }
}

async function exists(service: string, kube: Kube): Promise<boolean> {
  const [namespace = '', name = ''] = service.split('/')
  return (await kube.find(`/api/v1/namespaces/${namespace}/services/${name}`)) !== null
}

/** Of what the charts make in a namespace, the kinds that webhooks like to select. */
function isAsked(rules: Rule[]): boolean {
  const covers = (list: string[] | undefined, wanted: string[]) => (list ?? []).some((each) => each === '*' || wanted.includes(each))
  return rules.some(
    ({apiGroups, resources}) =>
      (covers(apiGroups, ['']) && covers(resources, ['pods', 'services', 'configmaps', 'serviceaccounts', 'secrets'])) ||
      (covers(apiGroups, ['apps']) && covers(resources, ['deployments', 'replicasets', 'daemonsets'])),
  )
}

function text({kind, configuration, webhook, service}: FoundWebhook): string {
  return `Webhook \`${webhook}\` of ${kind} \`${configuration}\` points at Service \`${service}\`, which does not exist`
}
