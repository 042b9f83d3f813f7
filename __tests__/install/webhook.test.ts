import {askWebhook, awaitWebhook} from '../../src/install/webhook.ts'
import {fakeIo, refusal, type Scripted} from '../helpers/fake-io.ts'

const question = 'POST /apis/security.istio.io/v1/namespaces/istio-system/peerauthentications'
const validator = 'GET /apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/istiod-default-validator'
const denial = (webhook: string) =>
  refusal(400, `admission webhook "${webhook}" denied the request: "internal.istio.io/webhook-always-reject" annotation found`)
const own = denial('rev.validation.istio.io')
const shared = denial('validation.istio.io')
const cluster = (answer: Scripted, defaultRevision = 'default') =>
  fakeIo({kube: {[question]: answer, [validator]: {metadata: {labels: {'istio.io/rev': defaultRevision}}}}})
/** Answers in turn; the last one stays. */
const inTurn =
  (...answers: Scripted[]) =>
  () =>
    answers.length > 1 ? answers.shift() : answers[0]

test.each<[string, Scripted, string, boolean, RegExp]>([
  ["the revision's own webhook denies", own, '', true, /denied the request/],
  ['the shared webhook of the same istiod denies', shared, '', true, /denied the request/],
  ['nobody objects, for the webhook is not in force yet', undefined, '', false, /no webhook objected/],
  [
    'the webhook cannot be reached',
    refusal(500, 'failed calling webhook "rev.validation.istio.io": connection refused'),
    '',
    false,
    /connection refused/,
  ],
  ['a policy engine denies, which says nothing of istiod', denial('validate.kyverno.svc'), '', false, /kyverno/],
  ['we may not ask', refusal(403, 'peerauthentications is forbidden'), '', false, /forbidden/],
  ['a CRD older than v1', refusal(404, 'the server could not find the requested resource'), '', false, /could not find/],
  ["a revision's own webhook denies", own, 'canary', true, /denied/],
  ['only the default revision answers for a canary', shared, 'canary', false, /only `validation\.istio\.io` of the default revision/],
  ['the default revision is quicker than the canary once', inTurn(shared, shared, own), 'canary', true, /denied/],
])('%s', async (_, answer, revision, denied, message) => {
  expect(await askWebhook(cluster(answer).kube, revision)).toMatchObject({denied, message: expect.stringMatching(message)})
})

test('the question is a dry run of a policy that no CRD would refuse, addressed to the revision', async () => {
  const io = cluster(own)
  await askWebhook(io.kube, 'canary')
  expect(io.requests[0]).toMatchObject({
    options: {dryRun: true},
    body: {
      metadata: {labels: {'istio.io/rev': 'canary'}, annotations: {'internal.istio.io/webhook-always-reject': 'true'}},
      spec: {mtls: {mode: 'STRICT'}},
    },
  })
})

test('waits for both webhooks that our own policy will meet', async () => {
  const asked: unknown[] = []
  const io = cluster((body: unknown) => {
    const {labels} = (body as {metadata: {labels: object}}).metadata
    asked.push(labels)
    return asked.length < 6 && Object.keys(labels).length === 0 ? undefined : own
  })
  expect((await awaitWebhook(io.kube, {revision: '', timeoutMs: 60_000}, io)).every(({denied}) => denied)).toBe(true)
  expect(asked.length).toBeGreaterThanOrEqual(6)
  expect(asked).toContainEqual({})
})

test('a revision that is not the default one waits for its own webhook alone', async () => {
  const io = cluster(own)
  expect(await awaitWebhook(io.kube, {revision: 'canary', timeoutMs: 60_000}, io)).toHaveLength(1)
})

test('gives up after the timeout with the last answer', async () => {
  const io = cluster(undefined)
  await expect(awaitWebhook(io.kube, {revision: '', timeoutMs: 20_000}, io)).rejects.toMatchObject({
    entry: 'webhook-silent',
    message: expect.stringMatching(/within 20 s: no webhook objected/),
  })
  expect(io.lines.some((line) => line.startsWith("waiting for istiod's validation webhook"))).toBe(true)
})

test('a cancel ends the wait', async () => {
  const io = cluster(undefined)
  io.cancel(new Error('cancelled'))
  await expect(awaitWebhook(io.kube, {revision: '', timeoutMs: 20_000}, io)).rejects.toThrow('cancelled')
})

test.each([
  [500, 'Internal error occurred: failed calling webhook "guard.policies.test": service "nobody" not found'],
  [403, 'admission webhook "validate.kyverno.svc" denied the request: no'],
])("a webhook of others in istiod's way is waited for, and then named: %d", async (status, message) => {
  const name = /"([^"]+)"/.exec(message)?.[1]
  await expect(awaitWebhook(cluster(refusal(status, message)).kube, {revision: '', timeoutMs: 20_000}, cluster(own))).rejects.toMatchObject(
    {
      entry: 'stale-webhook',
      message: `For 20 s another webhook of this cluster has kept policies from istiod's: ${message}`,
      cure: expect.stringContaining(`\`${name}\``),
    },
  )
})
