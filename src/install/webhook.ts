import type {Io, Kube} from '../io/io.ts'
import {Failure, KubeFailure, messageOf} from '../model/failure.ts'
import type {ValidationAnswer} from '../model/mesh.ts'
import {istioNamespace} from './found.ts'
import {defaultRevision} from './find-install.ts'

/**
 * Asks istiod's validation webhook the one honest question (live-evidence.md, section 6): a dry run of a valid policy that carries the
 * annotation by which istiod tests itself (pkg/config/constants: AlwaysReject). Only the denial of an istiod of this revision counts.
 */
export async function askWebhook(kube: Kube, revision: string): Promise<ValidationAnswer> {
  let answer = await ask(kube, {'istio.io/rev': revision || 'default'})
  // The default revision's webhook of chart base sees labelled objects too, and the API server repeats only the first denial that comes in.
  const isOwn = ({webhook}: ValidationAnswer) => revision === '' || revision === 'default' || webhook === 'rev.validation.istio.io'
  for (let tries = 1; answer.denied && !isOwn(answer) && tries < maxTries; tries++) {
    answer = await ask(kube, {'istio.io/rev': revision})
  }
  if (!answer.denied || isOwn(answer)) return answer
  return {
    ...answer,
    denied: false,
    message: `only \`${answer.webhook}\` of the default revision answers, not that of revision \`${revision}\``,
  }
}

/**
 * Waits until istiod's webhook denies the question; istiod being Ready does not mean that it answers (testbed.md). Where this revision
 * also validates objects without a revision, that webhook is waited for as well: our own policy will meet it.
 * Throws a `Failure` with the last answer after `timeoutMs`.
 */
export async function awaitWebhook(
  kube: Kube,
  wanted: {revision: string; timeoutMs: number},
  io: Pick<Io, 'clock' | 'log' | 'cancelled'>,
): Promise<ValidationAnswer[]> {
  const unlabelled = (await defaultRevision(kube)) === (wanted.revision || 'default')
  const began = io.clock.ticks()
  let told = began
  for (;;) {
    const answers = await Promise.all([
      askWebhook(kube, wanted.revision).catch(asAnswer),
      ...(unlabelled ? [ask(kube, {}).catch(asAnswer)] : []),
    ])
    const open = answers.find(({denied}) => !denied)
    if (open === undefined) return answers
    if (io.clock.ticks() - began >= wanted.timeoutMs) throw unanswered(open, wanted.timeoutMs)
    if (io.clock.ticks() - told >= tellEveryMs) {
      told = io.clock.ticks()
      io.log.line(`waiting for istiod's validation webhook: ${open.message}`)
    }
    await io.clock.sleep(askEveryMs, io.cancelled)
  }
}

const maxTries = 20
const askEveryMs = 200
const tellEveryMs = 4_000

async function ask(kube: Kube, labels: Record<string, string>): Promise<ValidationAnswer> {
  const question = {
    apiVersion: 'security.istio.io/v1',
    kind: 'PeerAuthentication',
    metadata: {
      name: 'istio-mtls-webhook-question',
      namespace: istioNamespace,
      labels,
      annotations: {'internal.istio.io/webhook-always-reject': 'true'},
    },
    spec: {mtls: {mode: 'STRICT'}},
  }
  try {
    await kube.create(`/apis/security.istio.io/v1/namespaces/${istioNamespace}/peerauthentications`, question, {dryRun: true})
    return {webhook: '', denied: false, message: 'no webhook objected: istiod does not validate yet'}
  } catch (thrown) {
    if (!(thrown instanceof KubeFailure)) throw thrown
    const webhook = /admission webhook "((?:rev\.)?validation\.istio\.io)" denied the request/.exec(thrown.message)?.[1]
    return {webhook: webhook ?? '', denied: webhook !== undefined, message: thrown.message}
  }
}

function asAnswer(thrown: unknown): ValidationAnswer {
  return {webhook: '', denied: false, message: messageOf(thrown)}
}

function unanswered({message}: ValidationAnswer, timeoutMs: number): Failure {
  const [, stranger = ''] = /(?:failed calling|admission) webhook "([^"]+)"/.exec(message) ?? []
  if (stranger !== '' && !stranger.endsWith('validation.istio.io')) {
    return new Failure(
      `For ${Math.round(timeoutMs / 1000)} s another webhook of this cluster has kept policies from istiod's: ${message}`,
      {
        cure: `Mend what stands behind webhook \`${stranger.replaceAll('`', "'")}\`, or let it pass PeerAuthentications; delete its configuration if nothing stands there (\`kubectl get validatingwebhookconfigurations,mutatingwebhookconfigurations\`).`,
        entry: 'stale-webhook',
      },
    )
  }
  return new Failure(`istiod is ready, but its validation webhook did not answer within ${Math.round(timeoutMs / 1000)} s: ${message}`, {
    cure: 'Let the API server reach the istiod Service on port 443 (pod port 15017): on private clusters a firewall rule for that port is the usual cure.',
    entry: 'webhook-silent',
  })
}
