import type {Problem} from '../model/problem.ts'
import type {FoundIstiod} from './found.ts'
import type {FoundWebhook} from './webhooks-found.ts'

/** A control plane that leaves no istiod Deployment in this cluster: managed by a vendor, or in another cluster. */
export interface Elsewhere {
  revision: string
  name: string
}

/**
 * Injectors behind which no istiod of this cluster stands. `stale` are webhooks whose Service is gone: nobody runs behind those.
 * Google's managed control plane: revisions `asm-managed*` (cloud.google.com/service-mesh); AKS runs its own in namespace aks-istio-system.
 */
export function controlPlanesElsewhere(webhooks: FoundWebhook[], stale: FoundWebhook[], istiods: FoundIstiod[]): Elsewhere[] {
  const found = new Map<string, Elsewhere>()
  for (const webhook of webhooks) {
    if (webhook.labels['app'] !== 'sidecar-injector' || stale.includes(webhook)) continue
    const revision = webhook.labels['istio.io/rev'] ?? 'default'
    if (
      webhook.url === '' &&
      istiods.some((istiod) => istiod.revision === revision || webhook.service === `${istiod.namespace}/${istiod.name}`)
    )
      continue
    found.set(revision, {revision, name: nameOf(webhook, revision)})
  }
  return [...found.values()]
}

/** What forbids an install beside a control plane elsewhere; `install: always` with another revision is the user's own choice. */
export function elsewhereProblems(elsewhere: Elsewhere[], wish: {install: string; revision: string}): Problem[] {
  const blocking = wish.install === 'always' ? elsewhere.filter(({revision}) => revision === (wish.revision || 'default')) : elsewhere
  return blocking.map(({revision, name}) => ({
    says: `This cluster is served by ${name}, revision \`${revision}\`, whose istiod does not run here.`,
    cure: 'Set `install: never` to enforce mutual TLS on it as it is; a second control plane beside it takes `install: always` and a `revision` of its own.',
    entry: 'foreign-installation',
  }))
}

function nameOf({url, service}: FoundWebhook, revision: string): string {
  if (revision.startsWith('asm-managed') || /\.googleapis\.com(:\d+)?\//.test(url)) return "Google's managed Cloud Service Mesh"
  if (service.startsWith('aks-istio-system/')) return 'the AKS service mesh add-on'
  return url === '' ? `a control plane behind Service \`${service}\`` : `a control plane at \`${new URL(url).host}\``
}
