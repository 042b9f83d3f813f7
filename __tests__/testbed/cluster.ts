import {execFileSync} from 'node:child_process'
import {readFileSync} from 'node:fs'
import {request} from 'node:https'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import type {Bed} from '../../testbed/bed.ts'

/** Runs the bed's kubectl as administrator and returns what it prints. */
export function kubectl(bed: Bed, ...args: string[]): string {
  return execFileSync(join(bed.bin, 'kubectl'), ['--kubeconfig', bed.kubeconfig, ...args], {encoding: 'utf8', timeout: 90_000})
}

/** Runs the bed's helm, which trusts the bed's authority. */
export function helm(bed: Bed, ...args: string[]): string {
  const home = join(tmpdir(), 'bed-test-helm')
  const env = {
    ...process.env,
    KUBECONFIG: bed.kubeconfig,
    SSL_CERT_FILE: bed.caFile,
    HELM_CACHE_HOME: home,
    HELM_CONFIG_HOME: home,
    HELM_DATA_HOME: home,
  }
  return execFileSync(join(bed.bin, 'helm'), args, {encoding: 'utf8', env, timeout: 90_000, stdio: ['ignore', 'pipe', 'pipe']})
}

/** The body at that URL of the artifact server; rejects with the status unless it is 200. */
export function download(bed: Bed, url: string): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    request(url, {ca: readFileSync(bed.caFile)}, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk) => chunks.push(chunk)).on('error', reject)
      response.on('end', () =>
        response.statusCode === 200 ? resolve(Buffer.concat(chunks)) : reject(new Error(String(response.statusCode))),
      )
    })
      .on('error', reject)
      .end()
  })
}
