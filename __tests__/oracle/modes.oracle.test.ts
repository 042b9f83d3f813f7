import fc from 'fast-check'
import type {KubeObject} from '../../src/io/io.ts'
import {expectAgreement, keptWorlds, runs} from './agreement.ts'
import {ports, worlds} from './arbitrary-world.ts'
import {type Modes, Oracle} from './oracle.ts'
import {productModes} from './product.ts'

/** No run is cut short: what the asked number of sets takes, it takes; a cold Go build some minutes. */
const hour = 3_600_000

let oracle: Oracle
beforeAll(async () => {
  oracle = await Oracle.start()
}, hour)
afterAll(() => oracle.close())

/** `expects` is what a hand-made world shows, in words of Istio's documentation and source: it checks the oracle itself. */
interface World {
  objects: KubeObject[]
  expects?: Record<string, Modes>
}

describe('sidecars: mode of every port', () => {
  const revisions = ['default', 'canary']
  test(
    `agrees with istiod on ${runs} random sets`,
    () => expectAgreement('sidecar', objectsOf({dataPlane: 'sidecar', revisions}), sidecar, runs),
    hour,
  )
  test.each(keptWorlds<World>('sidecar'))('agrees on %s', async (_, world) => {
    const {istio, product} = await sidecar(world)
    expect(product).toEqual(istio)
    expect(istio).toMatchObject(world.expects ?? {})
  })

  /** Each revision's istiod is asked; a pod is answered by the one its proxy connects to (rule 3). */
  async function sidecar({objects}: World) {
    const answers = await Promise.all(revisions.map((revision) => oracle.ask({kind: 'sidecar', revision, objects, ports})))
    const product = productModes(objects, ports)
    const istio = Object.fromEntries(
      Object.keys(product).map((name) => [name, answers[revisions.indexOf(revisionOf(objects, name))]?.modes?.[name]]),
    )
    return {istio, product}
  }
})

describe('ambient: mode of every port', () => {
  test(
    `agrees with istiod on ${runs} random sets`,
    () => expectAgreement('ambient', objectsOf({dataPlane: 'ambient', revisions: ['default']}), ambient, runs),
    hour,
  )
  test.each(keptWorlds<World>('ambient'))('agrees on %s', async (_, world) => {
    const {istio, product} = await ambient(world)
    expect(product).toEqual(istio)
    expect(istio).toMatchObject(world.expects ?? {})
  })

  async function ambient({objects}: World) {
    const {possible = {}} = await oracle.ask({kind: 'ambient', revision: 'default', objects, ports}).catch(tooManyOrders)
    const istio = Object.fromEntries(Object.entries(possible).map(([name, answers]) => [name, summed(answers)]))
    return {istio, product: productModes(objects, ports)}
  }
})

/** Seven policies of one level in one second have too many orders to try: such a set is not counted. */
function tooManyOrders(refused: Error): never {
  fc.pre(!refused.message.includes('equal timestamps allow more than'))
  throw refused
}

/** All answers that Istio may come to, as one: where they differ nothing is decided, and the weaker mode is what may be. */
function summed(answers: Modes[]): Modes {
  return Object.fromEntries(
    ports.map((port) => {
      const [first = '', ...others] = new Set(answers.map((modes) => modes[port]))
      return [String(port), others.length === 0 ? first : 'undecided, at least PERMISSIVE']
    }),
  )
}

function objectsOf(options: Parameters<typeof worlds>[0]): fc.Arbitrary<World> {
  return worlds(options).map((objects) => ({objects}))
}

function revisionOf(objects: KubeObject[], podName: string): string {
  const pod = objects.find(({kind, metadata}) => kind === 'Pod' && `${metadata.namespace}/${metadata.name}` === podName)
  return JSON.parse(pod?.metadata.annotations?.['sidecar.istio.io/status'] ?? '{}').revision
}
