import {execFileSync, spawnSync} from 'node:child_process'
import {existsSync, globSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {basename, join} from 'node:path'
import {stringify} from 'yaml'
import {asked, fixture, merged} from '../__tests__/helpers/fixture.ts'
import {found} from '../__tests__/helpers/found.ts'
import type {KubeObject} from '../src/io/io.ts'
import type {Container} from '../src/model/workload.ts'
import {manifestFrom} from '../src/observe/manifests-parse.ts'
import {withSimulatedPods} from '../src/observe/simulated-pods.ts'
import {snapshotFrom} from '../src/observe/snapshot-from.ts'
import {build} from '../testbed/build/build.ts'
import {sourceDir} from '../testbed/paths.ts'
import {type Message, type Score, scoreboard} from './scoreboard-page.ts'

// Writes docs/scoreboard.md: every cluster of the corpus as one file without test-only documents, judged by us and by Istio's analyzers.
const folder = mkdtempSync(join(tmpdir(), 'scoreboard-'))
try {
  const {bin} = await build((line) => console.error(line))
  const analyzer = join(folder, 'analyze')
  execFileSync('go', ['build', '-mod=readonly', '-trimpath', '-o', analyzer, './analyze'], {
    cwd: sourceDir,
    env: {...process.env, CGO_ENABLED: '0', GOFLAGS: ''},
  })
  const corpus = (kind: string) =>
    globSync(`__tests__/fixtures/${kind}/*.yaml`)
      .sort()
      .map((path) => scoreOf(path, bin, analyzer))
  const version = execFileSync(join(bin, 'istioctl'), ['version', '--remote=false', '--short'], {encoding: 'utf8'})
  writeFileSync('docs/scoreboard.md', scoreboard(corpus('broken'), corpus('healthy'), /\d+\.\d+\.\d+/.exec(version)?.[0] ?? ''))
} finally {
  rmSync(folder, {recursive: true})
}

function scoreOf(path: string, bin: string, analyzer: string): Score {
  const {objects, wishes} = merged(path)
  const file = join(folder, 'cluster.yaml')
  const cluster = objects.filter(({apiVersion}) => apiVersion !== 'test')
  const text = fileText(cluster)
  writeFileSync(file, text)
  const mesh = meshConfigOf(objects, file)
  const judged = (manifests: boolean) => {
    // What only a running cluster answers was not asked: its silence is then no finding.
    const wanted = {...wishes, manifests, probes: false, dryRun: false}
    const read = manifestFrom(text, 'cluster.yaml').objects
    return found(withSimulatedPods(snapshotFrom(read, wanted, {takenAt: '2026-11-22T20:00:00Z'})))
  }
  const {about, expected} = fixture(path)
  return {
    name: basename(path, '.yaml'),
    about,
    expected,
    hasWish: objects.some(({kind}) => kind === 'Asked'),
    ours: judged(false),
    oursFrom: judged(true),
    istioctl: istioctlSays(join(bin, 'istioctl'), file, mesh),
    analyzers: analyzersSay(analyzer, file, `${text}---\n${fileText(podsOf(cluster))}`),
  }
}

/** One document per object, without what our parser adds. */
function fileText(objects: KubeObject[]): string {
  return objects.map(({file: _, line: __, ...object}) => stringify(object, {version: '1.1'})).join('---\n')
}

/** The pods that Istio would create from templates without live ones: without them its analyzers would miss what selectors select. */
function podsOf(objects: KubeObject[]): KubeObject[] {
  const {pods} = withSimulatedPods(snapshotFrom(objects, asked, {takenAt: '2026-11-22T20:00:00Z'}))
  if (!pods.read) return []
  const container = ({name, image, ports}: Container) => ({
    name,
    // A simulated proxy has no image, and the analyzer takes that for no proxy.
    image: image || 'istio/proxyv2',
    ports: ports.map(({port, protocol}) => ({containerPort: port, protocol})),
  })
  return pods.value
    .filter(({simulated}) => simulated)
    .map(({namespace, name, labels, annotations, containers, initContainers, hostNetwork, serviceAccount}) => ({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {namespace, name, labels, annotations},
      spec: {
        hostNetwork,
        serviceAccountName: serviceAccount,
        containers: containers.map(container),
        initContainers: initContainers.map(container),
      },
      status: {phase: 'Running'},
    }))
}

/** Istio's analyzers read no ConfigMap in a file: the mesh configuration is handed to them beside it. */
function meshConfigOf(objects: KubeObject[], file: string): string[] {
  const path = `${file}.mesh`
  if (existsSync(path)) rmSync(path)
  const config = objects.find(({kind, metadata}) => kind === 'ConfigMap' && metadata.name === 'istio')
  const mesh = (config?.['data'] as {mesh?: string} | undefined)?.mesh
  if (mesh === undefined) return []
  writeFileSync(path, mesh)
  return ['--meshConfigFile', path]
}

function analyzersSay(analyzer: string, file: string, text: string): Message[] {
  writeFileSync(file, text)
  return JSON.parse(execFileSync(analyzer, {input: `${file}\n`, encoding: 'utf8'})) as Message[]
}

function istioctlSays(istioctl: string, file: string, mesh: string[]): Message[] {
  const {status, stdout, stderr} = spawnSync(istioctl, ['analyze', '--use-kube=false', '-A', '-o', 'json', ...mesh, file], {
    encoding: 'utf8',
    // No cluster of whoever runs this may have a say.
    env: {PATH: process.env['PATH'], HOME: folder},
  })
  if (status !== 0 || !stdout.trimStart().startsWith('[')) throw new Error(`istioctl analyze ended with ${status}: ${stderr || stdout}`)
  return JSON.parse(stdout) as Message[]
}
