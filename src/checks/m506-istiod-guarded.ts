import {check, finding, type PartialFinding} from '../model/check.ts'
import type {Webhook} from '../model/mesh.ts'
import {refOf} from './subject.ts'
import {unique} from './unique.ts'

/** istiod authenticates its proxies, and a pod is not created without its proxy when the injector is away. */
export const istiodGuarded = check({
  code: 'M506',
  slug: 'm506-istiod-guarded',
  severity: 'warning',
  needs: ['controlPlane'],
  title: 'istiod authenticates, and injection fails closed',
  failure: 'istiod or its injector is left open',
  why: 'Whoever can pose as a proxy reads the whole configuration; an injector that fails open lets pods start in plain text.',
  hint: "Remove the switch from istiod, or set the webhook's failurePolicy back to Fail.",
  run({controlPlane}) {
    const open = controlPlane.istiods.filter(({env}) => env['XDS_AUTH'] === 'false')
    const lenient = controlPlane.webhooks.filter(({type, failurePolicy}) => type === 'mutating' && failurePolicy === 'Ignore')
    return [
      ...open.map((istiod) =>
        finding(
          refOf('Deployment', istiod),
          'XDS_AUTH is false: istiod serves configuration and secrets to callers that it does not authenticate',
          {
            fix: `kubectl -n ${istiod.namespace} set env deployment/${istiod.name} XDS_AUTH-`,
          },
        ),
      ),
      ...unique(lenient, (webhook) => webhook.configuration).map(failsOpen),
    ]
  },
})

function failsOpen({configuration, name, file, line}: Webhook): PartialFinding {
  return finding(
    {kind: 'MutatingWebhookConfiguration', name: configuration, file, line},
    `webhook \`${name}\` has failurePolicy Ignore: while istiod is away pods start without a proxy`,
    {
      fix: `kubectl get mutatingwebhookconfiguration ${configuration} -o json | sed 's/"failurePolicy": "Ignore"/"failurePolicy": "Fail"/' | kubectl apply -f -`,
    },
  )
}
