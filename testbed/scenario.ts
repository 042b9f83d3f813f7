import {readdirSync, readFileSync} from 'node:fs'
import {join} from 'node:path'
import {parseAllDocuments} from 'yaml'

/** One fault (or none) in a namespace of its own, named as the scenario, and what a report must say of it. */
export interface Scenario {
  name: string
  /** One sentence: what is wrong. */
  title: string
  verdict: 'pass' | 'fail' | 'unknown'
  /** Every finding of severity error, as `CODE Kind namespace/name`, sorted. */
  findings: string[]
  /** Every row that is neither proven nor exempt, as `workload:port verdict` (`*`: undeclared ports), sorted. */
  rows: string[]
  /** `probe`: judged with the published roles read and probe alone, so that no proxy's own word stands in. */
  role: 'admin' | 'probe'
  objects: ScenarioObject[]
}

export interface ScenarioObject {
  kind: string
  metadata: {name: string; namespace?: string; labels?: Record<string, string>}
}

/** All scenarios of `scenarios/faults`, each declaring what a report must contain in the comments at its top; throws on one that declares no verdict. */
export function scenarios(): Scenario[] {
  const folder = join(import.meta.dirname, 'scenarios', 'faults')
  return readdirSync(folder)
    .sort()
    .map((file) => {
      const name = file.replace(/\.yaml$/, '')
      const text = readFileSync(join(folder, file), 'utf8')
      const says = (key: string) => [...text.matchAll(new RegExp(`^# ${key}: (.+)$`, 'gm'))].map((match) => match[1] ?? '').sort()
      const [verdict = ''] = says('verdict')
      if (verdict !== 'pass' && verdict !== 'fail' && verdict !== 'unknown') throw new Error(`${file} declares no verdict`)
      const objects = parseAllDocuments(text).map((document) => document.toJS() as ScenarioObject)
      return {
        name,
        title: /^# (.+)$/m.exec(text)?.[1] ?? '',
        verdict,
        findings: says('finding'),
        rows: says('row'),
        role: says('role').includes('probe') ? 'probe' : 'admin',
        objects,
      }
    })
}

/** A label written `later.NAME` is put on after everything else runs: so a namespace is enrolled too late. */
export function nowAndLater(objects: ScenarioObject[]): {now: ScenarioObject[]; later: {namespace: string; label: string}[]} {
  const later: {namespace: string; label: string}[] = []
  const now = objects.map((object) => {
    const labels = Object.entries(object.metadata.labels ?? {})
    for (const [name, value] of labels)
      if (name.startsWith('later.')) later.push({namespace: object.metadata.name, label: `${name.slice('later.'.length)}=${value}`})
    const kept = Object.fromEntries(labels.filter(([name]) => !name.startsWith('later.')))
    return {...object, metadata: {...object.metadata, labels: kept}}
  })
  return {now, later}
}
