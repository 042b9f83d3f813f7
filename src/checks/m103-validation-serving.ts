import {check, finding, type PartialFinding} from '../model/check.ts'
import type {ControlPlane, ValidationAnswer, Webhook} from '../model/mesh.ts'
import type {Part} from '../model/part.ts'
import {setInIstiod} from './fix.ts'
import {unique} from './unique.ts'

/** istiod's validation webhook answers: by the dry run where it was asked, else by its objects and endpoints (live-evidence.md, section 6). */
export const validationServing = check({
  code: 'M103',
  slug: 'm103-validation-serving',
  severity: 'error',
  needs: ['controlPlane'],
  uses: ['validation'],
  title: 'istiod validates what is applied',
  failure: 'istiod does not validate what is applied',
  why: 'Without the webhook a policy that means nothing is stored without a word, and with a dead one no policy can be stored at all.',
  hint: 'Repair the ValidatingWebhookConfiguration and the istiod behind it.',
  skip: (asked) => (asked.manifests ? 'manifests hold no running control plane' : null),
  run({controlPlane}, {asked}, {validation}) {
    const validating = controlPlane.webhooks.filter(
      ({type, revision}) => type === 'validating' && (asked.revision === '' || revision === '' || revision === asked.revision),
    )
    const subject = {kind: 'ValidatingWebhookConfiguration', name: validating[0]?.configuration ?? chartName(asked.revision)}
    if (validating.length === 0) {
      return [
        finding(subject, 'no validation webhook is installed', {
          fix: setInIstiod({namespace: 'istio-system', revision: asked.revision}, '--set global.configValidation=true'),
        }),
      ]
    }
    const silence = silenceOf(validation, asked.dryRun === true)
    if (silence !== null) return [finding(subject, silence, {fix: inspect(validating[0])})]
    const open = validating.filter((webhook) => webhook.failurePolicy === 'Ignore')
    return [
      ...(validation.read ? [] : unserved(validating, controlPlane)),
      ...unique(open, (webhook) => webhook.configuration).map((webhook) => failsOpen(webhook, validation.read)),
    ]
  },
})

/** As validatingwebhookconfiguration.yaml of the istiod chart names it. */
function chartName(revision: string): string {
  return `istio-validator${revision === '' || revision === 'default' ? '' : `-${revision}`}-istio-system`
}

function silenceOf(validation: Part<ValidationAnswer>, wasAsked: boolean): string | null {
  if (!validation.read) return wasAsked ? `the dry run of a policy that istiod must deny got no answer: ${validation.reason}` : null
  const {denied, message} = validation.value
  if (!denied) return 'the dry run of a policy that istiod must deny was let through: the webhook was not called'
  const named = message.includes('denied the request') && message.includes('validation.istio.io')
  return named ? null : `the dry run of a policy that istiod must deny was denied by something else: ${message}`
}

function unserved(webhooks: Webhook[], {endpoints}: ControlPlane): PartialFinding[] {
  const dead = webhooks.filter(
    ({service, caBundle}) => service !== null && (caBundle === '' || !endpoints[`${service.namespace}/${service.name}`]),
  )
  return unique(dead, (webhook) => webhook.configuration).map((webhook) => {
    const service = `${webhook.service?.namespace}/${webhook.service?.name}`
    const says =
      webhook.caBundle === ''
        ? 'has no caBundle: the API server cannot verify istiod'
        : `calls Service \`${service}\`, which has no ready endpoint`
    return finding(refOf(webhook), `webhook \`${webhook.name}\` ${says}`, {fix: inspect(webhook)})
  })
}

/** The chart installs with Ignore; istiod turns that into Fail soon after it serves (validatingwebhookconfiguration.yaml), so beside a live answer it only is new. */
function failsOpen(webhook: Webhook, isAlive: boolean): PartialFinding {
  return finding(refOf(webhook), `webhook \`${webhook.name}\` still has failurePolicy Ignore: istiod has not taken it over`, {
    severity: isAlive ? 'info' : 'warning',
    fix: inspect(webhook),
  })
}

function refOf({configuration, file, line}: Webhook) {
  return {kind: 'ValidatingWebhookConfiguration', name: configuration, file, line}
}

function inspect(webhook: Webhook | undefined): string {
  const namespace = webhook?.service?.namespace ?? 'istio-system'
  return `kubectl get validatingwebhookconfiguration ${webhook?.configuration ?? ''} -o yaml\nkubectl -n ${namespace} rollout restart deployment/${webhook?.service?.name ?? 'istiod'}`
}
