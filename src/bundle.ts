import type {Io} from './io/io.ts'
import {Failure} from './model/failure.ts'
import type {Inputs} from './model/inputs.ts'
import type {Asked, Snapshot} from './model/snapshot.ts'
import type {Report, Stage, Waiver} from './model/report.ts'
import {savedSnapshotFrom} from './observe/manifests-saved.ts'
import type {LedgerEntry} from './report/ledger.ts'

/** A run's diagnostics, to be judged again as that run judged: what was seen, the stages that had failed, its waivers and its baseline. */
export interface Bundle {
  snapshot: Snapshot
  stages: Stage[]
  ledger: LedgerEntry[]
  pending: LedgerEntry[]
  wrong: Waiver[]
  baseline: Report | null
  /** The inputs with the scope and the terms of that run. */
  inputs: Inputs
}

/**
 * Reads the bundle that `from` names as its only folder: one that holds `snapshot.json` and `report.json`. null for anything else. Throws a
 * `Failure` for a bundle that is torn, or of a run that judged no ports.
 */
export async function readBundle(inputs: Inputs, {files}: Pick<Io, 'files'>): Promise<Bundle | null> {
  const [given = '', ...others] = inputs.from
  const folder = given.replace(/\/+$/, '')
  if (folder === '' || others.length > 0 || !(await files.isFolder(folder))) return null
  const isThere = async (name: string) => files.exists(`${folder}/${name}`)
  if (!(await isThere('snapshot.json')) || !(await isThere('report.json'))) return null
  const text = (name: string) => files.readText(`${folder}/${name}`)
  const {reportFrom} = await import('./report/report-from.ts')
  const report = reportFrom(await text('report.json'), `${folder}/report.json`)
  const saved = await text('snapshot.json')
  const snapshot = savedSnapshotFrom(saved, `${folder}/snapshot.json`, noAsked)
  if (report === null || snapshot === null || (report.mode !== 'enforce' && report.mode !== 'validate')) {
    throw new Failure(
      `\`${folder}\` is no bundle that can be judged again${report === null || snapshot === null ? '' : `: its run had \`mode: ${report.mode}\``}`,
      {
        cure: 'Give the `diagnostics` folder of a run with `mode: enforce` or `validate`, whole, or its `snapshot.json` alone.',
        entry: 'diagnostics',
      },
    )
  }
  const asked = (JSON.parse(saved) as {asked: Asked}).asked
  refuseStranger(report, snapshot.takenAt, asked, folder)
  const kept = ({status}: Waiver) => status !== 'pending' && status !== 'malformed'
  return {
    snapshot: {...snapshot, asked},
    stages: report.stages.filter(({status}) => status === 'failed'),
    ledger: report.waivers.filter(kept),
    pending: report.waivers.filter(({status}) => status === 'pending'),
    wrong: report.waivers.filter(({status}) => status === 'malformed'),
    baseline: (await isThere('baseline.json')) ? reportFrom(await text('baseline.json'), `${folder}/baseline.json`) : null,
    inputs: {
      ...inputs,
      ...report.terms,
      namespaces: report.scope.namespaces,
      excludeNamespaces: report.scope.exclude,
      clusterName: report.cluster.name,
      revision: asked.revision,
      waiverAnnotations: false,
    },
  }
}

/** A snapshot beside the report of another run would be judged on terms that were never asked of it, and pass for the other's scope. */
function refuseStranger({takenAt, scope, terms}: Report, taken: string, asked: Asked, folder: string): void {
  const list = ({namespaces, exclude}: Asked['scope']) => JSON.stringify([namespaces, exclude])
  const differs = [
    takenAt === taken ? '' : `the report is of ${takenAt} and the snapshot of ${taken}`,
    list(scope) === list(asked.scope) ? '' : 'their scopes differ',
    terms.mtlsMode === asked.mtlsMode ? '' : '`mtls-mode` differs',
  ].find((each) => each !== '')
  if (differs === undefined) return
  throw new Failure(`\`${folder}\` is no bundle of one run: ${differs}`, {
    cure: 'Give the `diagnostics` folder of one run, whole and unchanged, or its `snapshot.json` alone.',
    entry: 'diagnostics',
  })
}

/** Replaced by what the bundle's own run was asked. */
const noAsked: Asked = {
  ...{scope: {namespaces: [], exclude: []}, revision: '', istioVersion: '', mtlsMode: 'STRICT', require: 'proven', probes: false},
  ...{requireAuthorization: false, accessLogging: false, minTls: ''},
}
