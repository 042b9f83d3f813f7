import {execFileSync} from 'node:child_process'
import {createHash} from 'node:crypto'
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterAll, beforeAll, describe, expect, jest, test} from '@jest/globals'
import {parse} from 'yaml'
import {type Bed, down, target, up} from '../../testbed/bed.ts'
import {pause} from '../../testbed/shell.ts'
import {download, helm, kubectl} from './cluster.ts'

// A start under load is slow; a hung one ends.
jest.setTimeout(5 * 60_000)

const scratch = mkdtempSync(join(tmpdir(), 'bed-test-'))
let bed: Bed

beforeAll(async () => {
  bed = await up({bed: 3})
}, 30 * 60_000)
afterAll(async () => {
  await down({bed: 3})
  rmSync(scratch, {recursive: true})
})

describe('the artifact server of a bed', () => {
  test('serves a helm archive with the recorded digest, which holds a helm of that version', async () => {
    const archive = await download(bed, `${bed.helm.mirror}/helm-${bed.helm.version}-linux-amd64.tar.gz`)
    expect(createHash('sha256').update(archive).digest('hex')).toBe(bed.helm.sha256)
    writeFileSync(join(scratch, 'helm.tar.gz'), archive)
    execFileSync('tar', ['-C', scratch, '-xzf', join(scratch, 'helm.tar.gz')])
    expect(execFileSync(join(scratch, 'linux-amd64/helm'), ['version', '--short'], {encoding: 'utf8'})).toContain(bed.helm.version)
    expect(String(await download(bed, `${bed.helm.mirror}/helm-${bed.helm.version}-linux-amd64.tar.gz.sha256sum`))).toBe(
      `${bed.helm.sha256}  helm-${bed.helm.version}-linux-amd64.tar.gz\n`,
    )
  })

  test('serves the index of a chart repository with every chart at every version', async () => {
    const {entries} = parse(String(await download(bed, `${bed.charts.http}/index.yaml`)))
    for (const chart of ['base', 'istiod', 'cni', 'ztunnel', 'gateway']) {
      expect(entries[chart].map(({version}: {version: string}) => version).sort()).toEqual([bed.istioBefore, ...bed.istioVersions])
    }
  })

  test('serves charts to helm, from the repository and from the registry, both by TLS that the bed’s authority vouches for', () => {
    for (const version of bed.istioVersions) {
      expect(parse(helm(bed, 'show', 'chart', 'istiod', '--repo', bed.charts.http, '--version', version)).appVersion).toBe(version)
      expect(parse(helm(bed, 'show', 'chart', `${bed.charts.oci}/istiod`, '--version', version)).appVersion).toBe(version)
    }
  })

  test('takes a chart that helm pushes', () => {
    helm(bed, 'pull', `${bed.charts.oci}/base`, '--version', '1.31.0', '--destination', scratch)
    helm(bed, 'push', join(scratch, 'base-1.31.0.tgz'), `oci://${bed.nodeIp}:8443/pushed`)
    expect(parse(helm(bed, 'show', 'chart', `oci://${bed.nodeIp}:8443/pushed/base`, '--version', '1.31.0')).name).toBe('base')
  })

  test('answers 404 to what it does not have, and leaves its folder to nobody', async () => {
    await expect(download(bed, `${bed.helm.mirror}/helm-v0.0.0-linux-amd64.tar.gz`)).rejects.toThrow('404')
    await expect(download(bed, `${bed.artifacts}/..%2f..%2f..%2f..%2f..%2f..%2fetc/passwd`)).rejects.toThrow('404')
  })

  test('logs each request as a line of JSON', async () => {
    await download(bed, `${bed.charts.http}/index.yaml`)
    // The line follows the answer.
    await pause(500)
    const lines = readFileSync(join(bed.logDir, 'artifacts.access.jsonl'), 'utf8').trim().split('\n')
    const index = lines.map((line) => JSON.parse(line)).filter(({path}) => path === '/charts/index.yaml')
    expect(index.at(-1)).toMatchObject({method: 'GET', status: 200, complete: true})
  })
})

describe('the target', () => {
  const kubeconfig = process.env['KUBECONFIG']
  afterAll(() => {
    if (kubeconfig === undefined) delete process.env['KUBECONFIG']
    else process.env['KUBECONFIG'] = kubeconfig
  })

  test('is the bed that KUBECONFIG names', async () => {
    process.env['KUBECONFIG'] = bed.kubeconfig
    expect(await target()).toEqual(bed)
  })

  test('is another cluster that KUBECONFIG names, and that is said', async () => {
    // The same API server by its service address: to the test bed a stranger's cluster.
    const apiServer = `https://${kubectl(bed, 'get', 'service', 'kubernetes', '--output=jsonpath={.spec.clusterIP}')}:443`
    process.env['KUBECONFIG'] = join(scratch, 'stranger')
    writeFileSync(process.env['KUBECONFIG'], readFileSync(bed.kubeconfig, 'utf8').replace(bed.apiServer, apiServer))
    const lines: string[] = []
    expect(await target({onProgress: (line) => lines.push(line)})).toEqual({
      kind: 'external',
      kubeconfig: process.env['KUBECONFIG'],
      context: 'istio-mtls-bed-3',
      apiServer,
    })
    expect(lines.join()).toContain('in place of the test bed')
  })

  test('is an error where the cluster that KUBECONFIG names does not answer', async () => {
    process.env['KUBECONFIG'] = join(scratch, 'nobody')
    writeFileSync(process.env['KUBECONFIG'], readFileSync(bed.kubeconfig, 'utf8').replace(':6443', ':6444'))
    await expect(target()).rejects.toThrow('does not answer')
  })
})
