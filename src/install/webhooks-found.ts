import type {Kube, KubeObject} from '../io/io.ts'
import type {LabelSelector} from '../model/mesh.ts'

/** One webhook as an installer sees it; `service` as `namespace/name`, '' where it calls a URL. */
export interface FoundWebhook {
  kind: string
  configuration: string
  webhook: string
  /** Labels of its configuration. */
  labels: Record<string, string>
  service: string
  url: string
  fails: boolean
  rules: Rule[]
  namespaceSelector: LabelSelector
  /** Does it belong to Istio? */
  isIstios: boolean
}

export interface Rule {
  apiGroups?: string[]
  resources?: string[]
}

/** All webhooks of the cluster, of both kinds. */
export async function findWebhooks(kube: Kube): Promise<FoundWebhook[]> {
  return (await Promise.all(kinds.map((kind) => kube.list(webhooksPath(kind), (item) => webhooksOf(kind, item))))).flat(2)
}

/** The names of all webhook configurations, as `MutatingWebhookConfiguration/istio-sidecar-injector`. */
export async function findConfigurations(kube: Kube): Promise<string[]> {
  return (await Promise.all(kinds.map((kind) => kube.list(webhooksPath(kind), ({metadata}) => `${kind}/${metadata.name}`)))).flat()
}

const kinds = ['MutatingWebhookConfiguration', 'ValidatingWebhookConfiguration']

/** Where all configurations of both kinds are. */
export const webhookPaths = kinds.map(webhooksPath)

function webhooksPath(kind: string): string {
  return `/apis/admissionregistration.k8s.io/v1/${kind.toLowerCase()}s`
}

function webhooksOf(kind: string, configuration: KubeObject): FoundWebhook[] {
  const webhooks = (configuration['webhooks'] ?? []) as {
    name: string
    failurePolicy?: string
    clientConfig?: {service?: {namespace: string; name: string}; url?: string}
    rules?: Rule[]
    namespaceSelector?: LabelSelector
  }[]
  const {name: configurationName, labels = {}} = configuration.metadata
  const isIstios = ['sidecar-injector', 'istiod'].includes(labels['app'] ?? '')
  return webhooks.map(({name, failurePolicy = 'Fail', clientConfig, rules = [], namespaceSelector = {}}) => ({
    ...{kind, configuration: configurationName, webhook: name, labels, rules, namespaceSelector, isIstios},
    service: clientConfig?.service === undefined ? '' : `${clientConfig.service.namespace}/${clientConfig.service.name}`,
    url: clientConfig?.url ?? '',
    fails: failurePolicy === 'Fail',
  }))
}
