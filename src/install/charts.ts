import {isAbsolute, join} from 'node:path'
import {parse} from 'yaml'
import type {Io, ShellResult} from '../io/io.ts'
import {Failure} from '../model/failure.ts'
import type {HelmProgram} from './helm-child.ts'
import {retiredHost} from './retired-hosts.ts'

/** A chart on disk; `digest` is the SHA-256 of its archive (of all its files where `charts` names a folder of unpacked charts). */
export interface Chart {
  name: string
  path: string
  digest: string
}

/** Charts of one version, all from the same entry of `charts`; `skipped` names the entries before it and why they gave nothing. */
export interface FetchedCharts {
  charts: Chart[]
  from: string
  isFallback: boolean
  skipped: string[]
}

type Outside = Pick<Io, 'shell' | 'files' | 'runner' | 'log' | 'cancelled'>

/** Fetches the named charts from the first entry that has them all; throws a `Failure` that names each entry and its reason. */
export async function fetchCharts(
  names: string[],
  version: string,
  entries: string[],
  helm: HelmProgram,
  io: Outside,
): Promise<FetchedCharts> {
  const skipped: string[] = []
  for (const [index, entry] of entries.entries()) {
    const found = await Promise.all(names.map((name) => fetchChart(name, version, entry, helm, io)))
    const charts = found.filter((each): each is Chart => typeof each !== 'string')
    if (charts.length === names.length) return {charts, from: entry, isFallback: index > 0, skipped}
    const reason = `\`${entry}\`: ${found.find((each) => typeof each === 'string')}`
    skipped.push(reason)
    io.log.line(`charts: ${reason}${index + 1 < entries.length ? '; trying the next entry' : ''}`)
  }
  const retired = entries.map(retiredHost).find((cure) => cure !== null)
  throw new Failure(`No entry of \`charts\` gives Istio ${version}:\n${skipped.map((each) => `- ${each}`).join('\n')}`, {
    cure:
      (skipped.some((each) => diskWords.test(each)) ? diskCure : retired) ??
      `Check that \`istio-version: ${version}\` exists there and that the runner may reach it, or name a mirror or a folder in \`charts\`. Nothing was changed.`,
    entry: 'charts-unreachable',
  })
}

/** helm's own words where it cannot keep what it downloads. */
const diskWords = /no space left on device|read-only file system|disk quota exceeded/i
const diskCure = 'Make room where `RUNNER_TEMP` lies: helm cannot keep the charts that it downloads. Nothing was changed.'

/** A chart, or one sentence why the entry does not give it. */
async function fetchChart(name: string, version: string, entry: string, helm: HelmProgram, io: Outside): Promise<Chart | string> {
  if (!/^(oci|https?):\/\//.test(entry)) return localChart(name, version, entry, io)
  const folder = await io.files.makeTempFolder('charts-')
  const source = entry.startsWith('oci://') ? [`${entry}/${name}`] : [name, '--repo', entry]
  const result = await io.shell.run(helm.path, ['pull', ...source, '--version', version, '--destination', folder], {
    env: helm.env,
    timeoutMs: pullTimeoutMs,
    signal: io.cancelled,
  })
  io.cancelled.throwIfAborted()
  const [path] = result.code === 0 ? await io.files.find(`${folder}/*.tgz`) : []
  return path === undefined ? reasonOf(result) : {name, path, digest: io.files.sha256(await io.files.readBytes(path))}
}

/** An unreachable host must not eat the whole timeout while the next entry would answer. */
const pullTimeoutMs = 60_000

async function localChart(name: string, version: string, entry: string, io: Outside): Promise<Chart | string> {
  const folder = isAbsolute(entry) ? entry : join(io.runner.workspace, entry)
  const archive = join(folder, `${name}-${version}.tgz`)
  if (await io.files.exists(archive)) return {name, path: archive, digest: io.files.sha256(await io.files.readBytes(archive))}
  const unpacked = join(folder, name)
  if (!(await io.files.exists(join(unpacked, 'Chart.yaml')))) return `holds neither \`${name}-${version}.tgz\` nor \`${name}/Chart.yaml\``
  const {version: found} = parse(await io.files.readText(join(unpacked, 'Chart.yaml'))) as {version?: unknown}
  if (String(found) !== version) return `\`${name}/Chart.yaml\` is version ${found}, not ${version}`
  const sums: string[] = []
  for (const file of await io.files.find(unpacked)) {
    sums.push(`${file.slice(unpacked.length)} ${io.files.sha256(await io.files.readBytes(file))}`)
  }
  return {name, path: unpacked, digest: io.files.sha256(Buffer.from(sums.join('\n')))}
}

function reasonOf({stderr, stdout, timedOut}: ShellResult): string {
  if (timedOut) return `no answer within ${pullTimeoutMs / 1000} s`
  const said = `${stderr}\n${stdout}`.split('\n').map((line) => line.replace(/^Error: /, '').trim())
  return said.filter(Boolean).at(-1)?.slice(0, 300) ?? 'helm said nothing'
}
