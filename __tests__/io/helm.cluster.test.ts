import {mkdtempSync, readdirSync, readFileSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import tls from 'node:tls'
import {afterAll, beforeAll, expect, test} from '@jest/globals'
import {acquireHelm, type Helm} from '../../src/install/helm.ts'
import {liveDownloads} from '../../src/io/downloads.ts'
import {liveFiles} from '../../src/io/files.ts'
import {liveKubeconfigs} from '../../src/io/kubeconfig.ts'
import {liveShell} from '../../src/io/shell.ts'
import {type Bed, down, up} from '../../testbed/bed.ts'
import {fakeIo} from '../helpers/fake-io.ts'

// A real helm from the bed's mirror, by the doors the action uses, against a real API server.

const root = mkdtempSync(join(tmpdir(), 'helm-cluster-'))
const authorities = tls.getCACertificates()
const io = fakeIo({env: {PATH: process.env.PATH ?? '', HOME: '/nowhere'}})
let bed: Bed
let helm: Helm

beforeAll(async () => {
  bed = await up({bed: 5})
  tls.setDefaultCACertificates([...authorities, readFileSync(bed.caFile, 'utf8')])
  io.runner.temp = join(root, 'temp')
  io.files = liveFiles(io.runner.temp)
  io.downloads = liveDownloads(io.clock)
  io.shell = liveShell(io.cancelled)
  const {version, mirror, sha256} = bed.helm
  helm = await acquireHelm({version, checksum: sha256, mirror}, io)
}, 300_000)

afterAll(async () => {
  tls.setDefaultCACertificates(authorities)
  rmSync(root, {recursive: true})
  await down({bed: 5})
}, 60_000)

test('is the version asked for', async () => {
  const {stdout} = await io.shell.output(helm.path, ['version', '--template', '{{.Version}}'], {env: helm.env})
  expect(stdout).toBe(bed.helm.version)
})

test('reaches the cluster with the private kubeconfig, and leaves nothing where it runs', async () => {
  const kubeconfigs = liveKubeconfigs(io.files, io.runner)
  const source = {from: 'path', path: bed.kubeconfig, input: 'kubeconfig', explicit: true} as const
  const text = await kubeconfigs.read(source, {context: '', allowExec: false, insecureSkipTlsVerify: false})
  const kubeconfig = await kubeconfigs.write(text, '')
  const cwd = mkdtempSync(join(root, 'workspace-'))
  const lines: string[] = []
  const args = ['list', '--all-namespaces', '--output', 'json', '--kubeconfig', kubeconfig]
  const ran = await io.shell.run(helm.path, args, {env: helm.env, cwd, timeoutMs: 60_000, onLine: (line) => lines.push(line)})
  expect(ran).toMatchObject({code: 0, stderr: ''})
  expect(Array.isArray(JSON.parse(ran.stdout))).toBe(true)
  expect(lines).toEqual([ran.stdout.trim()])
  expect(readdirSync(cwd)).toEqual([])
  await kubeconfigs.removeAll()
})

test('an interrupt ends it at once', async () => {
  const cancel = new AbortController()
  const args = ['list', '--kube-apiserver', 'https://192.0.2.1:6443', '--kube-token', 'x']
  const running = io.shell.run(helm.path, args, {env: helm.env, signal: cancel.signal, onStart: () => cancel.abort()})
  expect((await running).code).not.toBe(0)
}, 15_000)
