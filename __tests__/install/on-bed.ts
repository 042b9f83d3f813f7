import {mkdtempSync, readFileSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {inputsFrom} from '../../src/inputs.ts'
import type {Io, Kube} from '../../src/io/io.ts'
import {liveIo} from '../../src/io/live.ts'
import type {Inputs} from '../../src/model/inputs.ts'
import type {Bed} from '../../testbed/bed.ts'
import {download} from '../helpers/download.ts'
import {envOf} from '../helpers/env-of.ts'

/** The real outside pointed at a bed, with what it logged and a folder of its own in place of RUNNER_TEMP. */
export interface OnBed {
  io: Io
  kube: Kube
  kubeconfigPath: string
  /** All lines of the log, details included. */
  lines: string[]
  inputs(given?: Record<string, string>): Inputs
  close(): void
}

/** Opens the real Io for stages run inside the test's process; only the log and the trust in the bed's own authority differ. */
export async function onBed(bed: Bed): Promise<OnBed> {
  const temp = mkdtempSync(join(tmpdir(), 'istio-mtls-test-'))
  const live = liveIo()
  const lines: string[] = []
  const say = (text: string) => void lines.push(text)
  const ca = readFileSync(bed.caFile)
  const io: Io = {
    ...live,
    log: {line: say, detail: say, group: (_title, body) => body(), annotate: (_level, text) => say(text)},
    downloads: {bytes: (url) => download(url, ca)},
    toolCache: {find: async () => null, keep: async () => null},
    files: {...live.files, makeTempFolder: async (prefix) => mkdtempSync(join(temp, prefix))},
    runner: {...live.runner, temp, saveState: () => {}, env: {...live.runner.env, SSL_CERT_FILE: bed.caFile}},
  }
  const kubeconfig = readFileSync(bed.kubeconfig, 'utf8')
  const kube = await io.connect({kubeconfig, context: '', insecureSkipTlsVerify: false})
  const standard = {
    kubeconfig: bed.kubeconfig,
    'helm-version': bed.helm.version,
    'helm-checksum': bed.helm.sha256,
    'helm-mirror': bed.helm.mirror,
    charts: bed.charts.oci,
    values: bed.istiodValues,
    timeout: '2m',
  }
  return {
    io,
    kube,
    kubeconfigPath: bed.kubeconfig,
    lines,
    inputs: (given = {}) => inputsFrom(envOf({...standard, ...given})).inputs,
    close() {
      kube.close()
      rmSync(temp, {recursive: true, force: true})
    },
  }
}
