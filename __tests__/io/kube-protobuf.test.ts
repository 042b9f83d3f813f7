import {describe, expect, test} from '@jest/globals'
import {fakeIo} from '../helpers/fake-io.ts'
import {liveFiles} from '../../src/io/files.ts'
import type {Kube} from '../../src/io/io.ts'
import {kubeOver} from '../../src/io/kube.ts'
import {openTransport} from '../../src/io/kube-transport.ts'
import {chosenFrom, kubeconfigFrom} from '../../src/io/kubeconfig-text.ts'
import {json, serve, type TestServer} from './servers.ts'
import {listAnswer, statusAnswer} from './wire-lists.ts'

const protobuf = 'application/vnd.kubernetes.protobuf'
const pods = (...names: string[]) => names.map((name) => ({metadata: {name}}))
const asJson = (...names: string[]) => ({apiVersion: 'v1', kind: 'PodList', metadata: {}, items: pods(...names)})

/** What a door to that server reads as names of pods, and the server itself. */
async function read(answer: TestServer['answer']): Promise<{names: Promise<string[]>; server: TestServer; kube: Kube}> {
  const server = await serve(answer)
  const io = fakeIo({env: {}})
  const text = JSON.stringify({
    clusters: [{name: 'c', cluster: {server: server.url}}],
    users: [{name: 'u', user: {}}],
    contexts: [{name: 'x', context: {cluster: 'c', user: 'u'}}],
    'current-context': 'x',
  })
  const chosen = chosenFrom(kubeconfigFrom(text, 'kubeconfig'), '', 'kubeconfig')
  const transport = await openTransport(chosen, {files: liveFiles('/tmp'), shell: io.shell, runner: io.runner})
  const kube = kubeOver(transport, {clock: io.clock, deadline: Number.POSITIVE_INFINITY, say: () => {}})
  return {names: kube.list('/api/v1/pods', ({metadata}) => metadata.name, {kind: 'Pod'}), server, kube}
}

describe('a list of a declared kind', () => {
  test('is asked for as protobuf, in one answer, JSON second', async () => {
    const {names, server} = await read((_, response) =>
      response.writeHead(200, {'content-type': protobuf}).end(listAnswer('Pod', pods('a', 'b'))),
    )
    expect(await names).toEqual(['a', 'b'])
    expect(server.seen.map(({path}) => path)).toEqual(['/api/v1/pods'])
    expect(server.seen[0]?.headers.accept).toBe(`${protobuf}, application/json`)
  })

  test('comes in pages where the API server fails to send all of it', async () => {
    const {names, server} = await read((request, response) => {
      if (!request.url?.includes('limit=')) return json(response, 507, {kind: 'Status', message: 'too much'})
      const last = request.url?.includes('continue=')
      response.writeHead(200, {'content-type': protobuf}).end(listAnswer('Pod', pods(last ? 'b' : 'a'), last ? '' : 'more'))
    })
    expect(await names).toEqual(['a', 'b'])
    expect(server.seen.map(({path}) => path)).toEqual(['/api/v1/pods', '/api/v1/pods?limit=500', '/api/v1/pods?limit=500&continue=more'])
  })

  test('is read as JSON where something in between answers so', async () => {
    const {names} = await read((_, response) => json(response, 200, asJson('a', 'b')))
    expect(await names).toEqual(['a', 'b'])
  })

  test.each([406, 415])('is asked for as JSON after a %i', async (status) => {
    const {names, server} = await read((request, response) =>
      request.headers.accept === 'application/json' ? json(response, 200, asJson('a')) : response.writeHead(status).end(),
    )
    expect(await names).toEqual(['a'])
    expect(server.seen).toHaveLength(2)
  })

  test.each<[string, Buffer]>([
    ['garbled', Buffer.from('k8s\0\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff', 'latin1')],
    ['cut off though its connection is not', listAnswer('Pod', pods('a', 'b')).subarray(0, -9)],
    ['no protobuf at all', Buffer.from('<html>log in</html>')],
  ])('is asked for as JSON where it comes %s', async (_title, body) => {
    const {names} = await read((request, response) =>
      request.headers.accept === 'application/json'
        ? json(response, 200, asJson('a', 'b', 'c'))
        : response.writeHead(200, {'content-type': protobuf}).end(body),
    )
    expect(await names).toEqual(['a', 'b', 'c'])
  })

  test('whose connection breaks within the answer is asked for anew, and no item counts twice', async () => {
    let tries = 0
    const {names} = await read((_, response) => {
      const body = listAnswer('Pod', pods('a', 'b', 'c'))
      response.writeHead(200, {'content-type': protobuf, 'content-length': body.length})
      if (++tries > 1) response.end(body)
      else response.write(body.subarray(0, -12), () => setTimeout(() => response.destroy(), 20))
    })
    expect(await names).toEqual(['a', 'b', 'c'])
    expect(tries).toBe(2)
  })

  test('whose token expired starts anew, once', async () => {
    let expired = false
    const {names} = await read((request, response) => {
      if (!request.url?.includes('limit=')) return json(response, 507, {kind: 'Status', message: 'too much'})
      if (request.url?.includes('continue=') && !expired) {
        expired = true
        return response.writeHead(410, {'content-type': protobuf}).end(statusAnswer({message: 'expired', reason: 'Expired', code: 410}))
      }
      const last = request.url?.includes('continue=')
      response.writeHead(200, {'content-type': protobuf}).end(listAnswer('Pod', pods(last ? 'b' : 'a'), last ? '' : 'more'))
    })
    expect(await names).toEqual(['a', 'b'])
  })

  test('that is refused in protobuf says why', async () => {
    const status = {message: 'pods is forbidden: no', reason: 'Forbidden', code: 403}
    const {names} = await read((_, response) => response.writeHead(403, {'content-type': protobuf}).end(statusAnswer(status)))
    await expect(names).rejects.toMatchObject({status: 403, reason: 'Forbidden', message: 'pods is forbidden: no'})
  })

  test('that is zipped all the same is read', async () => {
    const {gzipSync} = await import('node:zlib')
    const {names} = await read((_, response) =>
      response.writeHead(200, {'content-type': protobuf, 'content-encoding': 'gzip'}).end(gzipSync(listAnswer('Pod', pods('a')))),
    )
    expect(await names).toEqual(['a'])
  })

  test('hands out what its projection throws, and asks nothing twice', async () => {
    const {kube, names, server} = await read((_, response) =>
      response.writeHead(200, {'content-type': protobuf}).end(listAnswer('Pod', pods('a'))),
    )
    await names
    const broken = kube.list(
      '/api/v1/pods',
      () => {
        throw new Error('our own mistake')
      },
      {kind: 'Pod'},
    )
    await expect(broken).rejects.toThrow('our own mistake')
    expect(server.seen).toHaveLength(2)
  })
})
