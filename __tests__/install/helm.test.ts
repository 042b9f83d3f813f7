import {execFileSync} from 'node:child_process'
import {createHash} from 'node:crypto'
import {existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {dirname, join} from 'node:path'
import {afterAll, beforeEach, describe, expect, test} from '@jest/globals'
import {acquireHelm} from '../../src/install/helm.ts'
import {liveDownloads} from '../../src/io/downloads.ts'
import {liveFiles} from '../../src/io/files.ts'
import {liveToolCache} from '../../src/io/tool-cache.ts'
import {Failure} from '../../src/model/failure.ts'
import {fakeIo} from '../helpers/fake-io.ts'
import {serve, type TestServer} from '../io/servers.ts'

const root = mkdtempSync(join(tmpdir(), 'helm-'))
afterAll(() => rmSync(root, {recursive: true}))

/** An archive as helm publishes it; its helm would leave a mark if anything ran it. */
function archiveWith(member: string): Buffer {
  const tree = mkdtempSync(join(root, 'tree-'))
  mkdirSync(dirname(join(tree, member)), {recursive: true})
  writeFileSync(join(tree, member), `#!/bin/sh\ntouch ${root}/executed\n`, {mode: 0o755})
  execFileSync('tar', ['-czf', join(root, 'archive'), '-C', tree, '.', '--transform', 's#^\\./##'])
  return readFileSync(join(root, 'archive'))
}

const archive = archiveWith('linux-amd64/helm')
const sha256 = createHash('sha256').update(archive).digest('hex')
const flipped = Buffer.from(archive)
flipped[20] = (flipped[20] ?? 0) ^ 1

const serves =
  (bytes: Uint8Array): TestServer['answer'] =>
  (_, response) =>
    response.end(bytes)

/** Real downloads, files and tool cache; what is said and what time does are fake. */
function outside() {
  const io = fakeIo({
    env: {
      PATH: '/bin',
      HOME: '/root',
      NO_PROXY: '*',
      KUBECONFIG: '/x',
      INPUT_GITHUB_TOKEN: 'secret',
      SSL_CERT_FILE: '/ca',
      HELM_PLUGINS: '/evil',
    },
  })
  io.runner.temp = join(root, 'temp')
  io.files = liveFiles(io.runner.temp)
  io.downloads = liveDownloads(io.clock)
  io.toolCache = liveToolCache()
  return io
}

const wish = (server: TestServer, checksum = sha256) => ({version: 'v9.9.9', checksum, mirror: `${server.url}/`})
const cachedFile = () => join(process.env['RUNNER_TOOL_CACHE'] ?? '', 'istio-mtls-helm/9.9.9/linux-amd64/helm-v9.9.9-linux-amd64.tar.gz')
const refusalOf = async (server: TestServer, checksum = sha256) => {
  const failure = await acquireHelm(wish(server, checksum), outside()).catch((thrown) => thrown)
  expect(failure).toBeInstanceOf(Failure)
  return failure as Failure
}

beforeEach(() => {
  rmSync(join(root, 'temp'), {recursive: true, force: true})
  process.env['RUNNER_TOOL_CACHE'] = mkdtempSync(join(root, 'cache-'))
  process.env['RUNNER_TEMP'] = join(root, 'temp')
})
afterAll(() => expect(existsSync(join(root, 'executed'))).toBe(false))

describe('helm comes', () => {
  test('from the mirror, verified, private and alone', async () => {
    const server = await serve(serves(archive))
    const helm = await acquireHelm(wish(server), outside())
    expect(server.seen.map(({path}) => path)).toEqual(['/helm-v9.9.9-linux-amd64.tar.gz'])
    expect(helm).toMatchObject({version: 'v9.9.9', sha256, source: 'download'})
    expect(statSync(helm.path).mode & 0o777).toBe(0o700)
    expect(readFileSync(helm.path, 'utf8')).toContain('touch')
    expect(dirname(dirname(helm.path))).toBe(join(root, 'temp'))
    // The staged copy of the archive is gone: nothing but helm's own folder is left.
    expect(readdirSync(join(root, 'temp'))).toHaveLength(1)
  })

  test('the second time from the tool cache, extracted anew', async () => {
    const server = await serve(serves(archive))
    const first = await acquireHelm(wish(server), outside())
    const second = await acquireHelm(wish(server), outside())
    expect(second.source).toBe('cache')
    expect(second.path).not.toBe(first.path)
    expect(server.seen).toHaveLength(1)
  })

  test('from the mirror again when a byte of the cache was flipped', async () => {
    const server = await serve(serves(archive))
    await acquireHelm(wish(server), outside())
    writeFileSync(cachedFile(), flipped)
    const io = outside()
    expect(await acquireHelm(wish(server), io)).toMatchObject({source: 'download', sha256})
    expect(io.annotations).toMatchObject([{level: 'warning', message: expect.stringContaining('it is not used')}])
    expect(readFileSync(cachedFile()).equals(archive)).toBe(true)
    expect(server.seen).toHaveLength(2)
  })

  test('where no tool cache can be written', async () => {
    process.env['RUNNER_TOOL_CACHE'] = join(root, 'archive')
    const server = await serve(serves(archive))
    expect(await acquireHelm(wish(server), outside())).toMatchObject({source: 'download'})
  })

  test('after a 503, and the log says so', async () => {
    const server = await serve((_, response) => (server.seen.length === 1 ? response.writeHead(503).end() : response.end(archive)))
    const io = outside()
    await acquireHelm(wish(server), io)
    expect(io.lines).toMatchObject([expect.stringContaining('it answered 503; trying again')])
  })

  test('after a download that broke off', async () => {
    const server = await serve((_, response) => {
      response.writeHead(200, {'content-length': archive.length})
      if (server.seen.length > 1) response.end(archive)
      else response.write(archive.subarray(0, 100), () => response.socket?.destroy())
    })
    expect(await acquireHelm(wish(server), outside())).toMatchObject({sha256})
  })

  test('with a checksum pasted as published, and a version without its v', async () => {
    const server = await serve(serves(archive))
    expect(await acquireHelm({...wish(server), version: '9.9.9', checksum: ` SHA256:${sha256.toUpperCase()}\n`}, outside())).toMatchObject({
      version: 'v9.9.9',
      sha256,
    })
  })
})

test('helm sees homes of its own, and of the runner only the way out', async () => {
  const {env, path} = await acquireHelm(wish(await serve(serves(archive))), outside())
  const home = dirname(path)
  expect(env).toEqual({
    PATH: '/bin',
    NO_PROXY: '*',
    SSL_CERT_FILE: '/ca',
    HELM_CONFIG_HOME: join(home, 'config'),
    HELM_CACHE_HOME: join(home, 'cache'),
    HELM_DATA_HOME: join(home, 'data'),
    HELM_PLUGINS: join(home, 'plugins'),
    KUBECACHEDIR: join(home, 'kube'),
  })
})

describe('helm is refused', () => {
  test('when a byte of the download was flipped: nothing kept, nothing extracted', async () => {
    const server = await serve(serves(flipped))
    const failure = await refusalOf(server)
    expect(failure).toMatchObject({
      message: expect.stringMatching(
        /has SHA-256 `[0-9a-f]{64}` but `[0-9a-f]{64}` was expected: it was thrown away and nothing was executed/,
      ),
      entry: 'helm-checksum-mismatch',
    })
    expect(existsSync(cachedFile())).toBe(false)
    expect(existsSync(join(root, 'temp'))).toBe(false)
  })

  test('when download and cache are both wrong', async () => {
    const server = await serve((_, response) => response.end(server.seen.length === 1 ? archive : flipped))
    await acquireHelm(wish(server), outside())
    writeFileSync(cachedFile(), flipped)
    expect((await refusalOf(server)).entry).toBe('helm-checksum-mismatch')
  })

  test('when the mirror does not have it', async () => {
    const server = await serve((_, response) => response.writeHead(404).end())
    expect((await refusalOf(server)).message).toContain('helm-v9.9.9-linux-amd64.tar.gz` could not be downloaded: it answered 404')
  })

  test('when nobody knows its checksum: says what to paste, downloads nothing', async () => {
    const server = await serve(serves(archive))
    const failure = await refusalOf(server, '')
    expect(failure.entry).toBe('helm-checksum-unknown')
    expect(failure.cure).toContain('https://github.com/helm/helm/releases/tag/v9.9.9')
    expect(failure.cure).toContain('  helm-version: v9.9.9\n  helm-checksum: ')
    expect(server.seen).toEqual([])
  })

  test('when the checksum is none', async () => {
    const server = await serve(serves(archive))
    expect((await refusalOf(server, 'abc')).message).toContain('`helm-checksum` is `abc`')
  })

  test('when the built-in table disagrees', async () => {
    const server = await serve(serves(archive))
    const failure = await acquireHelm({...wish(server, ''), version: 'v4.2.4'}, outside()).catch((thrown) => thrown)
    expect(failure.message).toContain('c306b46f719b0a4da32d0f78ee21bf90ce8d602f15b22ab753f0674d1670a7f3')
  })

  test.each([
    ['holds no helm', archiveWith('linux-amd64/other'), /holds no `linux-amd64\/helm`/],
    ['is no archive', Buffer.from('<html>'), /cannot be unpacked/],
  ])('when what was asked for %s', async (_, bytes, message) => {
    const failure = await refusalOf(await serve(serves(bytes)), createHash('sha256').update(bytes).digest('hex'))
    expect(failure.message).toMatch(message)
  })
})
