import {mkdtempSync, readFileSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {inputsFrom} from '../../src/inputs.ts'
import {changeCount} from '../../src/io/changes.ts'
import {liveFiles} from '../../src/io/files.ts'
import {liveKubeconfigs} from '../../src/io/kubeconfig.ts'
import {liveIo} from '../../src/io/live.ts'
import type {Report} from '../../src/model/report.ts'
import {stepFails} from '../../src/report/verdict.ts'
import {run} from '../../src/run.ts'
import type {Bed} from '../../testbed/bed.ts'
import {stepFor} from '../../testbed/step.ts'
import {type Fault, faultProxy} from './fault-proxy.ts'
import {download} from './download.ts'
import {envOf} from './env-of.ts'

/** What one run through the proxy came to. */
export interface FaultyRun {
  report: Report
  /** Would the step be red? */
  fails: boolean
  ms: number
  /** Requests that were spoilt. */
  spoilt: number
  lines: string[]
}

/**
 * One whole run of the action in this process, on the real bed, with the fault between it and the API server: the real Io, helm included; only
 * the log, the trust in the bed's authority and the tool cache (shared, so that helm is downloaded once) differ.
 */
export async function faultyRun(bed: Bed, fault: Fault | null, given: Record<string, string>, toolCache: string): Promise<FaultyRun> {
  const proxy = await faultProxy(bed, fault)
  const temp = mkdtempSync(join(tmpdir(), 'faulty-run-'))
  const lines: string[] = []
  const say = (text: string) => void lines.push(text)
  const live = liveIo()
  const files = liveFiles(temp)
  const runner = {
    ...live.runner,
    temp,
    mask: () => {},
    saveState: () => {},
    state: () => '',
    env: {...live.runner.env, SSL_CERT_FILE: bed.caFile, RUNNER_TOOL_CACHE: toolCache},
  }
  const io = {
    ...live,
    runner,
    files,
    changes: changeCount(),
    kubeconfigs: liveKubeconfigs(files, runner),
    downloads: {bytes: (url: string) => download(url, readFileSync(bed.caFile))},
    log: {
      line: say,
      detail: say,
      group: <T>(_title: string, body: () => Promise<T>) => body(),
      annotate: (level: string, text: string) => say(`${level}: ${text}`),
    },
  }
  try {
    const inputs = inputsFrom(
      envOf({
        ...stepFor(bed).inputs,
        'github-token': '',
        deadline: '20s',
        timeout: '15s',
        'lock-timeout': '5s',
        ...given,
        kubeconfig: proxy.kubeconfig,
      }),
    ).inputs
    const began = performance.now()
    const {report} = await run(
      inputs,
      {ledger: [], pending: []},
      {docsUrl: 'https://docs.test', reported: null, eventName: 'push', pullRequest: null, baseSha: '', repo: ''},
      io,
    )
    return {report, fails: stepFails(report, inputs), ms: Math.round(performance.now() - began), spoilt: proxy.spoilt(), lines}
  } finally {
    await proxy.close()
    rmSync(temp, {recursive: true, force: true})
  }
}

/** What went wrong with a run under a fault, or '' when all is as promised; `calm` is the same run without a fault. */
export function brokenPromise(run: FaultyRun, calm: FaultyRun, deadlineMs: number): string {
  const {report, fails, ms} = run
  if (ms > deadlineMs) return `took ${ms} ms, the deadline allows ${deadlineMs}`
  if (report.verdict.status === 'pass' && calm.report.verdict.status !== 'pass')
    return `passes, and without the fault it does not: ${calm.report.verdict.reason}`
  if (report.verdict.status === 'pass') {
    const better =
      report.endpoints.filter((row) => row.verdict === 'proven').length -
      calm.report.endpoints.filter((row) => row.verdict === 'proven').length
    if (better !== 0) return `passes with ${better} more proven rows than without the fault`
    return ''
  }
  if (!fails) return `is ${report.verdict.status}, and the step is green`
  if (report.verdict.reason.length < 20) return `says no more than: ${report.verdict.reason}`
  const odd = report.stages.find(({status, entry}) => status === 'failed' && (entry === 'unexpected' || entry === ''))
  return odd === undefined ? '' : `stage ${odd.name} fails without a clear error: ${odd.says}`
}
