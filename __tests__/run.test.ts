import {createHash} from 'node:crypto'
import {contextOf} from '../src/context.ts'
import {inputsFrom} from '../src/inputs.ts'
import {eventsPath, istiodPodsPath} from '../src/install/diagnosis.ts'
import {istiodsPath, releasesPath} from '../src/install/find-install.ts'
import {run} from '../src/run.ts'
import {fakeIo, refusal} from './helpers/fake-io.ts'
import {webhookPaths} from '../src/install/webhooks-found.ts'

const env = {GITHUB_ACTION_REPOSITORY: 'octo-org/mtls', GITHUB_ACTION_REF: 'v1.2.3'}
const none = {ledger: [], pending: []}

test('each check links its page at the version that runs; without an install there is no helm', async () => {
  const policy =
    'apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: {name: default, namespace: istio-system}\nspec: {mtls: {mode: STRICT}}\n'
  const {inputs} = inputsFrom({HOME: '/root', INPUT_FROM: 'k8s/policy.yaml'})
  const ran = await run(inputs, none, contextOf(env, {}), fakeIo({files: {'k8s/policy.yaml': policy}}))
  expect(ran.report.results.length).toBeGreaterThan(40)
  for (const {docs, slug} of ran.report.results) expect(docs).toBe(`https://github.com/octo-org/mtls/blob/v1.2.3/docs/checks/${slug}.md`)
  expect(ran.helmPath).toBe('')
})

test('an install leaves the path of the helm it verified', async () => {
  const archive = Buffer.from('helm')
  const checksum = createHash('sha256').update(archive).digest('hex')
  const {inputs} = inputsFrom({HOME: '/root', 'INPUT_HELM-CHECKSUM': checksum, INPUT_CHARTS: '/charts', INPUT_KUBECONFIG: 'apiVersion: v1'})
  const io = fakeIo({
    downloads: {[`https://get.helm.sh/helm-${inputs.helmVersion}-linux-amd64.tar.gz`]: archive},
    files: {'/charts/base-1.31.1.tgz': 'base', '/charts/istiod-1.31.1.tgz': 'istiod'},
    kube: {
      'GET /version': {},
      ...Object.fromEntries(
        [istiodsPath, releasesPath, istiodPodsPath(''), eventsPath, ...webhookPaths].map((path) => [`GET ${path}`, []]),
      ),
      'POST /apis/authorization.k8s.io/v1/selfsubjectaccessreviews': {status: {allowed: true}},
      'POST /apis/security.istio.io/v1/namespaces/istio-system/peerauthentications': refusal(
        400,
        'admission webhook "rev.validation.istio.io" denied the request: rejecting',
      ),
    },
  })
  const {report, helmPath} = await run(inputs, none, contextOf(env, {}), io)
  expect(report.stages.find(({name}) => name === 'install')).toMatchObject({
    status: 'done',
    changed: true,
    says: 'Istio 1.31.1: istio-base installed, istiod installed',
  })
  expect(helmPath).not.toBe('')
  expect(io.commands.filter(([program]) => program === helmPath).length).toBeGreaterThanOrEqual(2)
})
