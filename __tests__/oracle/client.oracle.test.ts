import fc from 'fast-check'
import {clientTlsToEntry, entryEndpoints, isEntryVisible, type ServiceEntrySpec} from '../../src/derive/client-service-entries.ts'
import {type ClientTlsContext, clientTls} from '../../src/derive/client-tls.ts'
import {destinationRuleIndex, fullHost} from '../../src/derive/destination-rules.ts'
import {meshFor} from '../../src/derive/mesh-for.ts'
import {policiesVisible} from '../../src/derive/policies-visible.ts'
import {policyIndex} from '../../src/derive/policy-index.ts'
import {servicesOf} from '../../src/derive/services-of.ts'
import type {KubeObject} from '../../src/io/io.ts'
import type {Pod} from '../../src/model/workload.ts'
import type {Snapshot} from '../../src/model/snapshot.ts'
import {expectAgreement, keptWorlds, runs} from './agreement.ts'
import {serviceEntries} from './arbitrary-entries.ts'
import {destinationRules} from './arbitrary-rules.ts'
import {services} from './arbitrary-services.ts'
import {discovered, worlds} from './arbitrary-world.ts'
import {Oracle, type OracleCall} from './oracle.ts'
import {contentOf, snapshotOf} from './product.ts'

/** No run is cut short: what the asked number of sets takes, it takes; a cold Go build some minutes. */
const hour = 3_600_000

let oracle: Oracle
beforeAll(async () => {
  oracle = await Oracle.start()
}, hour)
afterAll(() => oracle.close())

interface World {
  objects: KubeObject[]
  /** What a hand-made world shows, by call and server. */
  expects?: Record<string, string>
}

describe('clients: what a sidecar sends to each pod of a Service, and to each endpoint of a ServiceEntry', () => {
  // A whole istiod in memory for each set: some sixty milliseconds.
  const share = Math.ceil(runs / 25)
  const objects = fc
    .tuple(worlds({dataPlane: 'sidecar', revisions: ['default']}), services, destinationRules, serviceEntries)
    .filter(([world, offered, rules, entries]) => isTelling(world, [...offered, ...entries], rules))
    .map((parts) => ({objects: parts.flat().map(discovered)}))

  test(`agrees with istiod on ${share} random sets`, () => expectAgreement('client', objects, sends, share), hour)
  test.each(keptWorlds<World>('client'))('agrees on %s', async (_, world) => {
    const {istio, product} = await sends(world)
    expect(product).toEqual(istio)
    expect(istio).toMatchObject(world.expects ?? {})
  })

  // Fails as soon as it agrees: then rename the world to `client-…` and let the random sets have its like.
  const differing = keptWorlds<World>('differs-client')
  if (differing.length > 0)
    test.failing.each(differing)('still differs on %s', async (_, world) => {
      const {istio, product} = await sends(world)
      expect(product).toEqual(istio)
    })

  async function sends({objects}: World) {
    const product = productSends(objects)
    const {sends: answers = []} = await oracle.ask({kind: 'client', revision: 'default', objects, calls: product.map(({call}) => call)})
    const both = product.flatMap(({call, server, sends}, index) => {
      const istio = answers[index]?.[server.address] ?? answers[index]?.['*']
      // Without a cluster, or outside the subset, the server is not called at all.
      if (istio === undefined) return []
      return [{key: `${call.client} → ${call.host}:${call.port}/${call.subset} → ${server.name}`, istio, sends}]
    })
    return {
      istio: Object.fromEntries(both.map(({key, istio}) => [key, istio])),
      product: Object.fromEntries(both.map(({key, sends}) => [key, sends])),
    }
  }
})

/** Sets in which nobody is called, or no rule is for the called, tell nothing: left to chance they are six in seven. */
function isTelling(world: KubeObject[], offered: KubeObject[], rules: KubeObject[]): boolean {
  const snapshot = snapshotOf([...world, ...offered])
  const pods = contentOf(snapshot.pods)
  const servicesFor = servicesOf(contentOf(snapshot.services))
  const called = [
    ...pods.flatMap((pod) => servicesFor(pod)).map(({name, namespace}) => `${name}.${namespace}.svc.cluster.local`),
    ...contentOf(snapshot.serviceEntries).flatMap(({spec}) => (spec as ServiceEntrySpec).hosts ?? []),
  ]
  const hosts = rules.map(({metadata, spec}) => fullHost((spec as {host: string}).host, metadata.namespace ?? ''))
  return called.length > 0 && (rules.length === 0 || hosts.some((host) => called.some((each) => each.endsWith(host.replace('*', '')))))
}

interface Said {
  call: OracleCall
  server: {name: string; address: string}
  sends: string
}

/** The product's answer for every pod as a client, to every port of every Service and ServiceEntry, with and without subset. */
function productSends(objects: KubeObject[]): Said[] {
  const snapshot = snapshotOf(objects)
  return contentOf(snapshot.pods).flatMap((client) => {
    const mesh = meshFor(client, contentOf(snapshot.mesh))
    const policies = policyIndex(policiesVisible(contentOf(snapshot.policies), mesh, contentOf(snapshot.namespaces)), mesh.rootNamespace)
    const rules = destinationRuleIndex(contentOf(snapshot.destinationRules), mesh.rootNamespace, mesh.revision)
    const context = {mesh, rules, policies}
    return [...sendsToServices(snapshot, client, context), ...sendsToEntries(snapshot, client, context)]
  })
}

function sendsToServices(snapshot: Snapshot, client: Pod, context: ClientTlsContext): Said[] {
  const pods = contentOf(snapshot.pods)
  const services = contentOf(snapshot.services)
  const servicesFor = servicesOf(services)
  return services.flatMap((service) => {
    const instances = pods.filter((pod) => servicesFor(pod).includes(service))
    const host = `${service.name}.${service.namespace}.svc.cluster.local`
    return service.ports.flatMap(({port}) =>
      ['', 'v1'].flatMap((subset) =>
        instances.map((server) => ({
          call: {client: `${client.namespace}/${client.name}`, host, port, subset},
          server: {name: server.name, address: server.ips[0] ?? ''},
          sends: clientTls({client, service, port, subset, server, instances}, context).sends,
        })),
      ),
    )
  })
}

/** Where a host has no endpoint, the call is to an address of the caller's own. */
function sendsToEntries(snapshot: Snapshot, client: Pod, context: ClientTlsContext): Said[] {
  const workloads = {pods: contentOf(snapshot.pods), workloadEntries: contentOf(snapshot.workloadEntries)}
  const visible = contentOf(snapshot.serviceEntries).filter((entry) => isEntryVisible(entry, client.namespace))
  return visible.flatMap((entry) => {
    const {hosts = [], ports = []} = entry.spec as ServiceEntrySpec
    return hosts.flatMap((host) =>
      ports.flatMap(({number: port = 0}) => {
        const endpoints = entryEndpoints(entry, host, port, workloads)
        return ['', 'v1'].flatMap((subset) =>
          (endpoints.length === 0 ? [null] : endpoints).map((endpoint) => ({
            call: {client: `${client.namespace}/${client.name}`, host, port, subset},
            server: {name: endpoint?.address ?? '*', address: endpoint?.address ?? '*'},
            sends: clientTlsToEntry({client, entry, host, port, subset, endpoint, endpoints}, context).sends,
          })),
        )
      }),
    )
  })
}
