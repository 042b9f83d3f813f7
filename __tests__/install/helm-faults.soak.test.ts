import {readFileSync} from 'node:fs'
import {createServer, type Server} from 'node:https'
import type {RequestListener} from 'node:http'
import type {AddressInfo} from 'node:net'
import {join} from 'node:path'
import {stripVTControlCharacters} from 'node:util'
import {type Bed, down, up} from '../../testbed/bed.ts'
import {reset} from '../../testbed/reset.ts'
import {type Faulty, failureOf, faulty, killingAt, tell} from './helm-faults.ts'

// What goes wrong with helm, done on purpose, by either helm: the next run must leave the cluster as wanted with nothing done by hand, or the run itself says clearly
// what to do. HELM_FAULTS_BED and HELM_FAULTS_RESULTS choose the bed and record the lines.

let bed: Bed
let cells = 0
let kept = 0

beforeAll(async () => {
  bed = await up({bed: Number(process.env['HELM_FAULTS_BED'] ?? 13)})
}, 600_000)

afterAll(async () => {
  process.stdout.write(`helm faults: ${kept} of ${cells} cells as promised\n`)
  await down({bed: bed.number})
}, 120_000)

describe.each<'helm' | 'helm3'>(['helm3', 'helm'])('by %s', (which) => {
  let on: Faulty

  beforeAll(async () => {
    await reset(bed)
    on = await faulty(which, bed)
  }, 180_000)

  afterAll(() => on?.on.close())

  /** Runs a cell; it says what the run after the fault did. */
  const cell = (name: string, body: () => Promise<string>) =>
    test(name, async () => {
      cells++
      const began = performance.now()
      const says = await body().catch((thrown) => {
        tell([bed[which].version, name, `BROKEN: ${plainText(thrown)}`, ((performance.now() - began) / 1000).toFixed(1)])
        throw thrown
      })
      kept++
      tell([bed[which].version, name, says, ((performance.now() - began) / 1000).toFixed(1)])
    }, 400_000)

  const annotated = (value: string) => ({values: `${bed.istiodValues}\npodAnnotations: {cell: "${value}"}\n`})
  const annotation = () =>
    on.kubectl(['-n', 'istio-system', 'get', 'deployment', 'istiod', '-o', 'jsonpath={.spec.template.metadata.annotations.cell}'])

  /** The wished-for state, reached by a run that passed; and the run after it finds nothing to do. */
  const whole = async (given: Record<string, string>, value: string) => {
    const report = await on.act(given)
    expect([report.verdict.status, failureOf(report)]).toEqual(['pass', null])
    expect([annotation(), on.records('istiod').at(-1)?.split(' ')[1], on.records('istio-base').at(-1)?.split(' ')[1]]).toEqual([
      value,
      'deployed',
      'deployed',
    ])
    const again = await on.act(given)
    expect([again.verdict.status, again.changed]).toEqual(['pass', false])
    return report.stages.find(({name}) => name === 'install')?.says ?? ''
  }

  const kill = async (status: string, given: Record<string, string>) => {
    const report = await on.act(given, killingAt('istiod', status, on))
    expect(failureOf(report)).toMatchObject({stage: 'install', says: expect.stringContaining('ended by SIGKILL'), changed: true})
    expect(on.records('istiod').at(-1)).toMatch(new RegExp(`^\\d+ ${status}$`))
  }

  cell('killed, release left pending-install', async () => {
    await kill('pending-install', annotated('one'))
    return whole(annotated('one'), 'one')
  })

  cell('killed, release left pending-upgrade', async () => {
    await kill('pending-upgrade', annotated('two'))
    return whole(annotated('two'), 'two')
  })

  cell('killed, and the repair killed: release left pending-rollback', async () => {
    await kill('pending-upgrade', annotated('three'))
    await kill('pending-rollback', annotated('three'))
    return whole(annotated('three'), 'three')
  })

  cell('a sick upgrade killed, and its repair killed: what was sick is not gone back to', async () => {
    await kill('pending-upgrade', {...annotated('sick'), hub: 'docker.io/nothing-here'})
    await kill('pending-rollback', annotated('four'))
    return whole(annotated('four'), 'four')
  })

  cell("helm's newest record of istiod deleted", async () => {
    on.forget('istiod', [Number(on.records('istiod').at(-1)?.split(' ')[0])])
    return whole(annotated('five'), 'five')
  })

  cell("all of helm's records of istiod deleted", async () => {
    on.forget(
      'istiod',
      on.records('istiod').map((line) => Number(line.split(' ')[0])),
    )
    return whole(annotated('six'), 'six')
  })

  cell('left pending-upgrade, and all records before it deleted', async () => {
    await kill('pending-upgrade', annotated('seven'))
    on.forget(
      'istiod',
      on
        .records('istiod')
        .slice(0, -1)
        .map((line) => Number(line.split(' ')[0])),
    )
    return whole(annotated('seven'), 'seven')
  })

  cell("all of helm's records, of the CRDs too, deleted", async () => {
    for (const release of ['istiod', 'istio-base'])
      on.forget(
        release,
        on.records(release).map((line) => Number(line.split(' ')[0])),
      )
    const refused = failureOf(await on.act(annotated('eight')))
    expect(refused).toMatchObject({entry: 'foreign-installation', cure: expect.stringContaining('take-over: true'), changed: false})
    const did = await whole({...annotated('eight'), 'take-over': 'true'}, 'eight')
    return `refused (foreign-installation, \`take-over: true\`); with it ${did}`
  })

  cell('image that cannot be pulled', async () => {
    const failed = failureOf(await on.act({...annotated('nine'), hub: 'docker.io/nothing-here', timeout: '15s'}))
    expect(failed).toMatchObject({
      entry: 'image-pull',
      says: expect.stringMatching(/pod istiod-\S+, container discovery: (ErrImagePull|ImagePullBackOff)/),
    })
    return `${failed?.entry}; then ${await whole(annotated('nine'), 'nine')}`
  })

  cell('a request too large for any node', async () => {
    const values = `${bed.istiodValues.replace('cpu: 10m, memory: 100Mi', 'cpu: "900"')}\npodAnnotations: {cell: "ten"}\n`
    const failed = failureOf(await on.act({values, timeout: '15s'}))
    expect(failed).toMatchObject({entry: 'unschedulable', says: expect.stringMatching(/pod istiod-\S+: Unschedulable: .*Insufficient cpu/)})
    return `${failed?.entry}; then ${await whole(annotated('ten'), 'ten')}`
  })

  cell('the deadline comes before `timeout`', async () => {
    const began = performance.now()
    const failed = failureOf(await on.act({...annotated('eleven'), hub: 'docker.io/nothing-here', timeout: '5m', deadline: '25s'}))
    const seconds = (performance.now() - began) / 1000
    expect(failed).toMatchObject({stage: 'install', entry: expect.stringMatching(/^(image-pull|deadline)$/), changed: true})
    expect(seconds).toBeLessThan(45)
    expect(on.records('istiod').at(-1)).toMatch(/ failed$/)
    return `${failed?.entry} after ${seconds.toFixed(0)} s; then ${await whole(annotated('eleven'), 'eleven')}`
  })

  cell('a webhook of others that refuses policies, nothing behind it', async () => {
    on.kubectl(['apply', '-f', '-'], staleWebhook)
    on.kubectl(['-n', 'istio-system', 'delete', 'peerauthentication', 'default', '--ignore-not-found'])
    const failed = failureOf(await on.act({...annotated('eleven'), timeout: '15s'}))
    expect(failed).toMatchObject({
      entry: 'stale-webhook',
      says: expect.stringContaining('guard.policies.test'),
      cure: expect.stringMatching(/\S/),
    })
    on.kubectl(['delete', 'validatingwebhookconfiguration', 'policy-guard'])
    return `${failed?.stage}: ${failed?.entry}; without it ${await whole(annotated('eleven'), 'eleven')}`
  })

  cell("istiod's own webhook without an endpoint while policies are applied", async () => {
    on.kubectl(['-n', 'istio-system', 'delete', 'peerauthentication', 'default', '--ignore-not-found'])
    on.kubectl(['-n', 'istio-system', 'delete', 'pods', '-l', 'app=istiod', '--wait=false'])
    return `waited; ${await whole(annotated('eleven'), 'eleven')}`
  })

  describe('chart servers', () => {
    const servers: Server[] = []
    afterAll(() => {
      for (const server of servers) server.close()
    })
    // With the artifact server's own certificate, so that helm trusts it.
    const serving = async (answer: RequestListener): Promise<string> => {
      const [cert, key] = ['crt', 'key'].map((ending) => readFileSync(join(bed.runDir, 'pki', `artifacts.${ending}`)))
      const server = createServer({cert, key}, answer)
      servers.push(server)
      await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
      return `https://127.0.0.1:${(server.address() as AddressInfo).port}/charts`
    }
    const next = {'istio-version': '1.31.1'}

    cell('the first two are dead: nobody listens, and one that answers 503', async () => {
      const sick = await serving((_, answer) => void answer.writeHead(503).end('no'))
      const charts = `https://127.0.0.1:9/charts\n${sick}\n${bed.charts.http}`
      const did = await whole({...annotated('twelve'), ...next, charts}, 'twelve')
      return did
    })

    cell('one breaks off in the middle of its index', async () => {
      const torn = await serving((request, answer) => {
        answer.writeHead(200, {'content-length': '100000'})
        answer.write('apiVersion: v1\nentries:\n')
        setTimeout(() => request.socket.destroy(), 50)
      })
      return whole({...annotated('thirteen'), ...next, charts: `${torn}\n${bed.charts.oci}`}, 'thirteen')
    })

    cell('all of them are dead: a change is refused, and a cluster that is as wished stays green', async () => {
      const charts = `https://127.0.0.1:9/charts\noci://127.0.0.1:9/charts`
      const failed = failureOf(await on.act({...annotated('fourteen'), ...next, charts}))
      expect(failed).toMatchObject({
        entry: 'charts-unreachable',
        says: expect.stringMatching(/127\.0\.0\.1:9.*\n.*127\.0\.0\.1:9/),
        changed: false,
      })
      const calm = await on.act({...annotated('thirteen'), ...next, charts})
      expect([calm.verdict.status, calm.changed]).toEqual(['pass', false])
      return `${failed?.entry}; as wished: ${calm.stages.find(({name}) => name === 'install')?.says}`
    })
  })
})

/** What jest says, without its colours, in one line. */
function plainText(thrown: unknown): string {
  return stripVTControlCharacters(String((thrown as Error).message))
    .replace(/\s+/g, ' ')
    .slice(0, 900)
}

const staleWebhook = `
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: policy-guard}
webhooks:
- name: guard.policies.test
  admissionReviewVersions: [v1]
  sideEffects: None
  failurePolicy: Fail
  clientConfig: {service: {name: nobody, namespace: nowhere, path: /}}
  rules: [{apiGroups: [security.istio.io], apiVersions: ["*"], operations: [CREATE, UPDATE], resources: [peerauthentications]}]
`
