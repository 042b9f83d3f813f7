import {appendFileSync} from 'node:fs'
import type {Io} from '../../src/io/io.ts'
import type {Report} from '../../src/model/report.ts'
import {run} from '../../src/run.ts'
import type {Bed} from '../../testbed/bed.ts'
import {type Life, lifeWith} from '../canary/on-life.ts'

/** Whole runs of the action inside the test's process, on a bed and with one helm. */
export interface Faulty extends Life {
  /** A run as `main.ts` begins one: Lease, install, enforce, report. */
  act(given?: Record<string, string>, io?: Io): Promise<Report>
  /** Names of helm's records of a release, oldest first, each with its status. */
  records(release: string): string[]
  /** Deletes helm's records of a release with these revisions. */
  forget(release: string, revisions: number[]): void
}

/** Opens a bed with helm 3 or helm 4. */
export async function faulty(helm: 'helm' | 'helm3', bed: Bed): Promise<Faulty> {
  const life = await lifeWith(helm, bed)
  const {version, sha256} = bed[helm]
  const standard = {'helm-version': version, 'helm-checksum': sha256, probes: 'off', require: 'configured', rollout: 'immediate'}
  const records = (release: string) =>
    life
      .kubectl([
        ...['-n', 'istio-system', 'get', 'secrets', '-l', `owner=helm,name=${release}`],
        ...['-o', 'jsonpath={range .items[*]}{.metadata.labels.version} {.metadata.labels.status}{"\\n"}{end}'],
      ])
      .split('\n')
      .filter(Boolean)
      .sort((left, right) => Number.parseInt(left, 10) - Number.parseInt(right, 10))
  return {
    ...life,
    act: async (given = {}, io = life.on.io) => {
      const context = {docsUrl: 'https://docs.test', reported: null} as unknown as Parameters<typeof run>[2]
      return (await run(life.on.inputs({...standard, ...given}), {ledger: [], pending: []}, context, io)).report
    },
    records,
    forget: (release, revisions) =>
      void life.kubectl(['-n', 'istio-system', 'delete', 'secret', ...revisions.map((each) => `sh.helm.release.v1.${release}.v${each}`)]),
  }
}

/** The outside, but helm is killed as by a runner's last signal as soon as the API server shows a new record of the release in that status. */
export function killingAt(release: string, status: string, {on}: Life): Io {
  const {io} = on
  const revisions = () =>
    on.kube.list(allRecords, ({metadata: {labels = {}}}) => (labels['name'] === release ? Number(labels['version']) : null))
  return {
    ...io,
    shell: {
      ...io.shell,
      async run(file, args, options) {
        if (args[1] !== release) return io.shell.run(file, args, options)
        const known = Math.max(0, ...(await revisions()))
        // One small question after the other: a rollback that waits for nothing is over in a second.
        const record = `/api/v1/namespaces/istio-system/secrets/sh.helm.release.v1.${release}.v${known + 1}`
        const isAt = async () => (await on.kube.find(record))?.metadata.labels?.['status'] === status
        let pid = 0
        let isOver = false
        const onStart: typeof options.onStart = (child) => {
          pid = child.pid
          options.onStart?.(child)
        }
        const running = io.shell.run(file, args, {...options, onStart}).finally(() => {
          isOver = true
        })
        while (!isOver && !(await isAt())) await new Promise((done) => setTimeout(done, 2))
        if (!isOver) process.kill(pid, 'SIGKILL')
        return running
      },
    },
  }
}

const allRecords = '/api/v1/namespaces/istio-system/secrets?labelSelector=owner%3Dhelm'

/** What a failed run says of the stage that failed, and what it changed. */
export function failureOf(report: Report): {stage: string; says: string; cure: string; entry: string; changed: boolean} | null {
  const failed = report.stages.find(({status}) => status === 'failed')
  if (failed === undefined) return null
  const {name, says, cure, entry} = failed
  return {stage: name, says, cure, entry, changed: report.changed}
}

/** One line a cell, at once: `HELM_FAULTS_RESULTS` names a file that gets them, too. */
export function tell(row: readonly (string | number)[]): void {
  const line = `| ${row.join(' | ')} |\n`
  process.stdout.write(line)
  const file = process.env['HELM_FAULTS_RESULTS']
  if (file) appendFileSync(file, line)
}
