import fc from 'fast-check'
import type {KubeObject} from '../../src/io/io.ts'
import {expectAgreement, keptWorlds, runs} from './agreement.ts'
import {services, sidecars} from './arbitrary-services.ts'
import {discovered, worlds} from './arbitrary-world.ts'
import {Oracle} from './oracle.ts'
import {productRows, type Row} from './product.ts'

/** No run is cut short: what the asked number of sets takes, it takes; a cold Go build some minutes. */
const hour = 3_600_000

let oracle: Oracle
beforeAll(async () => {
  oracle = await Oracle.start()
}, hour)
afterAll(() => oracle.close())

interface World {
  objects: KubeObject[]
  expects?: Record<string, Row[]>
}

describe('sidecars: the rows of every pod against the listener that istiod builds', () => {
  // A whole istiod in memory for each set: some sixty milliseconds.
  const share = Math.ceil(runs / 25)
  const objects = fc
    .tuple(worlds({dataPlane: 'sidecar', revisions: ['default']}), services, sidecars)
    .map((parts) => ({objects: parts.flat().map(discovered)}))

  test(`agree with it on ${share} random sets`, () => expectAgreement('listeners', objects, rows, share), hour)
  test.each(keptWorlds<World>('listeners'))('agree on %s', async (_, world) => {
    const {istio, product} = await rows(world)
    expect(product).toEqual(istio)
    expect(istio).toMatchObject(world.expects ?? {})
  })

  async function rows({objects}: World) {
    const rowsOf = productRows(objects)
    const {modes = {}, own = {}} = await oracle.ask({kind: 'listeners', revision: 'default', objects, ports})
    const istio: Record<string, Row[]> = {}
    const product: Record<string, Row[]> = {}
    for (const [name, rows] of Object.entries(rowsOf)) {
      const undeclared = rows.find(({port}) => port === 0)
      const compared = ports.filter((port) => port === 0 || rows.some((row) => row.port === port) || own[name]?.includes(port))
      const hasRow = (port: number) => port !== 0 && rows.some((row) => row.port === port)
      istio[name] = compared.map((port) => ({
        port,
        mode: modes[name]?.[String(port)] ?? '',
        own: hasRow(port) && own[name]?.includes(port) === true,
      }))
      product[name] = compared.map((port) => rows.find((row) => row.port === port) ?? {port, mode: undeclared?.mode ?? '', own: false})
    }
    return {istio, product}
  }
})

/** Every port that a policy, a Service or a Sidecar of these sets can name, and 0 for the others. */
const ports = [0, 80, 443, 8080, 9090]
