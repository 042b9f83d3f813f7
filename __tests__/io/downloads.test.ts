import tls from 'node:tls'
import {describe, expect, test} from '@jest/globals'
import {liveDownloads} from '../../src/io/downloads.ts'
import {Failure} from '../../src/model/failure.ts'
import {fakeIo} from '../helpers/fake-io.ts'
import {selfSigned, serve, tunnelProxy} from './servers.ts'

const options = {maxBytes: 1000, timeoutMs: 20_000}
const downloads = () => liveDownloads(fakeIo().clock)

describe('a download', () => {
  test('gives the bytes', async () => {
    const server = await serve((_, response) => response.end(Buffer.from([0, 255, 10])))
    expect([...(await downloads().bytes(`${server.url}/x`, options))]).toEqual([0, 255, 10])
    expect(server.seen[0]?.headers['user-agent']).toBe('istio-mtls-action')
  })

  test('comes after two refusals that could pass, each told', async () => {
    const why: string[] = []
    const server = await serve((_, response) => {
      if (server.seen.length < 3) response.writeHead(server.seen.length === 1 ? 503 : 429, {'retry-after': '2'}).end()
      else response.end('ok')
    })
    const bytes = await downloads().bytes(server.url, {...options, onRetry: (text) => why.push(text)})
    expect(Buffer.from(bytes).toString()).toBe('ok')
    expect(why).toEqual(['it answered 503; trying again in 2.0 s', 'it answered 429; trying again in 2.0 s'])
  })

  test('that breaks off is started anew, never taken as whole', async () => {
    const server = await serve((_, response) => {
      response.writeHead(200, {'content-length': 10})
      if (server.seen.length > 1) response.end('0123456789')
      else response.write('01234', () => response.socket?.destroy())
    })
    expect(Buffer.from(await downloads().bytes(server.url, options)).toString()).toBe('0123456789')
    expect(server.seen).toHaveLength(2)
  })

  test('follows a redirect', async () => {
    const server = await serve((request, response) => {
      if (request.url === '/new') response.end('moved')
      else response.writeHead(302, {location: '/new'}).end()
    })
    expect(Buffer.from(await downloads().bytes(`${server.url}/old`, options)).toString()).toBe('moved')
  })
})

describe('a download fails', () => {
  test('in a circle', async () => {
    const server = await serve((_, response) => response.writeHead(302, {location: '/'}).end())
    await expect(downloads().bytes(server.url, options)).rejects.toThrow('it redirects more than 5 times')
    expect(server.seen).toHaveLength(6)
  })

  test('at once where nothing is', async () => {
    const server = await serve((_, response) => response.writeHead(404).end())
    await expect(downloads().bytes(`${server.url}/x`, options)).rejects.toThrow(
      `\`${server.url}/x\` could not be downloaded: it answered 404.`,
    )
    expect(server.seen).toHaveLength(1)
  })

  test('after five refusals', async () => {
    const server = await serve((_, response) => response.writeHead(502).end())
    await expect(downloads().bytes(server.url, options)).rejects.toThrow('it answered 502')
    expect(server.seen).toHaveLength(5)
  })

  test('past its size, without reading on', async () => {
    let written = 0
    const server = await serve((_, response) => {
      const timer = setInterval(() => {
        written += 400
        response.write('x'.repeat(400))
      }, 1)
      response.once('close', () => clearInterval(timer))
    })
    await expect(downloads().bytes(server.url, options)).rejects.toThrow('bigger than the 1000 bytes')
    expect(written).toBeLessThan(1_000_000)
    expect(server.seen).toHaveLength(1)
  })

  test('when nobody answers in time', async () => {
    const server = await serve(() => {})
    await expect(downloads().bytes(server.url, {...options, timeoutMs: 100})).rejects.toThrow(/could not be downloaded: /)
  })

  test('where nobody listens', async () => {
    const failure = await downloads()
      .bytes('http://127.0.0.1:1/x', options)
      .catch((thrown) => thrown)
    expect(failure).toBeInstanceOf(Failure)
    expect(failure.message).toContain('ECONNREFUSED')
    expect(failure.cure).toContain('HTTPS_PROXY')
  })

  test('on a redirect from https to http', async () => {
    const certificate = selfSigned()
    const plain = await serve((_, response) => response.end('evil'))
    const secure = await serve((_, response) => response.writeHead(302, {location: plain.url}).end(), certificate)
    const before = tls.getCACertificates()
    tls.setDefaultCACertificates([...before, certificate.cert])
    await expect(downloads().bytes(secure.url, options)).rejects.toThrow('it redirects from https to http')
    tls.setDefaultCACertificates(before)
    expect(plain.seen).toEqual([])
  })

  test('from a server nobody vouches for', async () => {
    const server = await serve((_, response) => response.end('x'), selfSigned())
    await expect(downloads().bytes(server.url, options)).rejects.toThrow('self-signed certificate')
    expect(server.seen).toEqual([])
  })
})

test('the proxy of the environment is used', async () => {
  const proxy = await tunnelProxy()
  process.env['https_proxy'] = proxy.url
  await downloads()
    .bytes('https://charts.test:8443/x', options)
    .catch(() => {})
  delete process.env['https_proxy']
  expect(proxy.targets[0]).toBe('charts.test:8443')
})
