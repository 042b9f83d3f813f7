import http from 'node:http'
import type {AddressInfo} from 'node:net'
import {liveIo} from '../../src/io/live.ts'
import type {KubeObject} from '../../src/io/io.ts'
import type {Asked} from '../../src/model/snapshot.ts'
import {probe} from '../../src/observe/probes.ts'
import {snapshotFrom} from '../../src/observe/snapshot-from.ts'
import {workloadSeeds} from './objects.ts'

/** What probing that many pods took against one server that stands in for the API server and every proxy behind it. */
export interface LiveResult {
  pods: number
  ports: number
  requests: number
  connections: number
  mostAtOnce: number
  demandsMutualTls: number
  answerMs: number
  seconds: number
}

/**
 * The real probe code over the real connection pool; only the answers are made up: each comes after `answerMs`, and of the TLS attempts every
 * second one loses the race for the alert, as on a real API server. A thousand real sidecars do not fit on one machine.
 */
export async function probeMany(pods: number, answerMs: number): Promise<LiveResult> {
  const server = await standIn(answerMs)
  const io = liveIo()
  const quiet = {...io, log: {...io.log, line: () => {}, detail: () => {}}}
  const kubeconfig = JSON.stringify({
    clusters: [{name: 'c', cluster: {server: server.url}}],
    users: [{name: 'u', user: {}}],
    contexts: [{name: 'x', context: {cluster: 'c', user: 'u'}}],
    'current-context': 'x',
  })
  const kube = await io.connect({kubeconfig, context: '', insecureSkipTlsVerify: false})
  const began = performance.now()
  const snapshot = meshOf(pods)
  const probes = {mode: 'api-server' as const, exclude: [], concurrency: 16}
  const found = await probe(snapshot, {probes, settleUntil: null, deadline: Number.POSITIVE_INFINITY}, kube, quiet)
  const seconds = (performance.now() - began) / 1000
  kube.close()
  await server.close()
  if (!found.read) throw new Error(found.reason)
  const {ports} = found.value
  const demandsMutualTls = ports.filter(({tls, plain}) => tls?.saw === 'client-certificate' && plain?.saw === 'closed').length
  return {pods, ports: ports.length, ...server.counts(), demandsMutualTls, answerMs, seconds}
}

/** A STRICT mesh of that many running sidecars, from the same seeds as the scale bed. */
function meshOf(pods: number) {
  const objects: KubeObject[] = [
    {
      apiVersion: 'security.istio.io/v1',
      kind: 'PeerAuthentication',
      metadata: {name: 'default', namespace: 'istio-system'},
      spec: {mtls: {mode: 'STRICT'}},
    },
  ]
  let taken = 0
  for (const {collection, object, status} of workloadSeeds({from: 0, to: 10 * pods})) {
    if (taken === pods) break
    const isSidecar = collection.endsWith('/pods') && JSON.stringify(object).includes('istio-init')
    if (!isSidecar || (status as {phase?: string})['phase'] !== 'Running') continue
    taken++
    objects.push({...object, apiVersion: 'v1', kind: 'Pod', status} as unknown as KubeObject)
  }
  return snapshotFrom(objects, asked, {takenAt: new Date().toISOString()})
}

const asked: Asked = {
  scope: {namespaces: ['*'], exclude: []},
  revision: '',
  istioVersion: '',
  mtlsMode: 'STRICT',
  require: 'proven',
  probes: true,
  requireAuthorization: false,
  accessLogging: false,
  minTls: '',
}

async function standIn(answerMs: number) {
  const tries = new Map<string, number>()
  let [requests, connections, open, mostAtOnce] = [0, 0, 0, 0]
  const server = http.createServer((request, response) => {
    requests++
    mostAtOnce = Math.max(mostAtOnce, ++open)
    const url = request.url ?? ''
    setTimeout(() => {
      open--
      const [status, text] = answerTo(url, tries)
      response.writeHead(status, {'content-type': 'application/json', 'audit-id': 'bench'}).end(text)
    }, answerMs)
  })
  // The probe asks for an upgrade and is answered without one.
  server.on('connection', () => connections++)
  server.keepAliveTimeout = 60_000
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    counts: () => ({requests, connections, mostAtOnce}),
    close: () => new Promise((resolve) => server.close(resolve)),
  }
}

/** live-evidence.md's table for a STRICT port, word for word; the health port answers as it always does. */
function answerTo(url: string, tries: Map<string, number>): [status: number, body: string] {
  if (/:1502[01]\/proxy/.test(url)) return [200, 'ok']
  if (!url.includes('https:')) return [503, statusOf('error trying to reach service: read tcp: connection reset by peer')]
  const tried = (tries.get(url) ?? 0) + 1
  tries.set(url, tried)
  return tried % 2 === 1
    ? [503, statusOf('error trying to reach service: write: broken pipe')]
    : [503, statusOf('error trying to reach service: remote error: tls: certificate required')]
}

function statusOf(message: string): string {
  return JSON.stringify({kind: 'Status', apiVersion: 'v1', status: 'Failure', message, code: 503})
}
