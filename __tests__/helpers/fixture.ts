import {readFileSync} from 'node:fs'
import type {KubeObject} from '../../src/io/io.ts'
import type {ProbeAnswer, Probes} from '../../src/model/evidence.ts'
import type {ValidationAnswer} from '../../src/model/mesh.ts'
import {type Part, read, unread} from '../../src/model/part.ts'
import type {Asked, Parts, Snapshot} from '../../src/model/snapshot.ts'
import {manifestFrom} from '../../src/observe/manifests-parse.ts'
import {withSimulatedPods} from '../../src/observe/simulated-pods.ts'
import {snapshotFrom} from '../../src/observe/snapshot-from.ts'
import {type DeliveredSpec, deliveredFrom} from './delivered-spec.ts'
import {rootsHandedOut} from './roots-handed-out.ts'

/** What is asked where a test does not care: the whole mesh, STRICT, by configuration. */
export const asked: Asked = {
  scope: {namespaces: ['*'], exclude: ['kube-*', 'local-path-storage']},
  revision: '',
  istioVersion: '',
  mtlsMode: 'STRICT',
  require: 'configured',
  probes: false,
  requireAuthorization: false,
  accessLogging: false,
  minTls: '',
}

export interface Fixture {
  snapshot: Snapshot
  /** `M301 Kind namespace/name`, sorted, as the comments `# expect: M301` (the object they stand in) or `# expect: M301 Kind ns/name` say. */
  expected: string[]
  /** The first words of the file: what is wrong, in one sentence. */
  about: string
}

/** Reads a fixture over `fixtures/base.yaml`, through the production parser; a whole cluster, where every template has the pods Istio would make. */
export function fixture(path: string): Fixture {
  const text = readFileSync(path, 'utf8')
  const {own, objects, wishes} = merged(path)
  const snapshot = withSimulatedPods(snapshotFrom(objects, wishes, {takenAt: '2026-11-22T20:00:00Z', ...liveParts(own)}))
  return {snapshot, expected: expectations(text, own), about: /^# (.+)$/m.exec(text)?.[1] ?? ''}
}

/** A fixture's objects over those of `fixtures/base.yaml`, its own alone, and what it asks for. */
export function merged(path: string): {objects: KubeObject[]; own: KubeObject[]; wishes: Asked} {
  const text = readFileSync(path, 'utf8')
  const gone = new Set([...text.matchAll(/^# without: (.+)$/gm)].map(([, name]) => name?.trim()))
  const own = manifestFrom(text, path).objects
  const replaced = new Set(own.map(nameOf))
  const base = manifestFrom(readFileSync(basePath, 'utf8'), basePath).objects
  const known = new Set(base.map(nameOf))
  for (const name of gone) if (!known.has(name ?? '')) throw new Error(`${path}: \`# without: ${name}\` names nothing in base.yaml`)
  const objects = [...base.filter((object) => !replaced.has(nameOf(object)) && !gone.has(nameOf(object))), ...own]
  return {
    objects: rootsHandedOut(objects, text),
    own,
    wishes: {...asked, ...(own.find(({kind}) => kind === 'Asked')?.['spec'] as Partial<Asked> | undefined)},
  }
}

const basePath = `${import.meta.dirname}/../fixtures/base.yaml`

/** The test-only kinds ProbeAnswers, Delivered, ValidationAnswer and Unread stand for what only a cluster can say. */
function liveParts(objects: KubeObject[]): Partial<Parts> {
  const probes = objects.find(({kind}) => kind === 'ProbeAnswers')
  const validation = objects.find(({kind}) => kind === 'ValidationAnswer')
  const parts: Partial<Record<keyof Parts, Part<unknown>>> = {
    cluster: read({name: 'test', uid: '8d1c', kubernetes: 'v1.37.2', server: 'https://127.0.0.1:6443'}),
  }
  const delivered = objects.find(({kind}) => kind === 'Delivered')
  if (delivered !== undefined) parts.delivered = read(deliveredFrom(delivered['spec'] as DeliveredSpec))
  if (probes !== undefined) parts.probes = read(probesFrom(probes['spec'] as ProbeAnswers))
  if (validation !== undefined) parts.validation = read(validation['spec'] as ValidationAnswer)
  for (const {spec} of objects.filter(({kind}) => kind === 'Unread')) {
    for (const [part, reason] of Object.entries(spec as Record<keyof Parts, string>)) parts[part as keyof Parts] = unread(reason)
  }
  return parts as Partial<Parts>
}

interface ProbeAnswers {
  controls: Probes['controls']
  ports: {namespace: string; pod: string; port: number; tls?: ProbeAnswer['saw']; plain?: ProbeAnswer['saw']; detail?: string}[]
}

function probesFrom({controls, ports}: ProbeAnswers): Probes {
  const answer = (saw: ProbeAnswer['saw'] | undefined, detail = ''): ProbeAnswer | null =>
    saw === undefined ? null : {saw, detail, tries: 1, at: '2026-11-22T19:59:00Z'}
  return {
    by: 'api-server',
    controls,
    reachable: [],
    ports: ports.map(({namespace, pod, port, tls, plain, detail}) => ({
      ...{namespace, pod, port, address: '10.244.0.9'},
      tls: answer(tls, detail),
      plain: answer(plain, detail),
    })),
  }
}

function expectations(text: string, objects: KubeObject[]): string[] {
  const lines = text.split('\n')
  return lines
    .flatMap((line, index) => {
      const [, code, name] = /# expect: (M\d{3})(?: (.+))?$/.exec(line) ?? []
      if (code === undefined) return []
      return [`${code} ${name ?? nameOf(documentAt(objects, lines, index + 1))}`]
    })
    .sort()
}

/** The object whose document holds a line: documents are split by `---`. */
function documentAt(objects: KubeObject[], lines: string[], line: number): KubeObject {
  const end = lines.findIndex((text, index) => index >= line - 1 && text.startsWith('---'))
  const last = end < 0 ? lines.length : end
  const found = objects.filter((object) => (object.line ?? 0) <= last).at(-1)
  if (found === undefined) throw new Error(`\`# expect\` on line ${line} stands in no object`)
  return found
}

/** `Kind namespace/name`, or `Kind name` for what has no namespace. */
function nameOf({kind, metadata}: KubeObject): string {
  return `${kind} ${metadata.namespace === undefined ? '' : `${metadata.namespace}/`}${metadata.name}`
}
