import {cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {run} from '../shell.ts'
import {versions} from '../versions.ts'
import {istioSources} from './programs.ts'

const sources: Record<string, string> = {
  base: 'base',
  istiod: 'istio-control/istio-discovery',
  cni: 'istio-cni',
  ztunnel: 'ztunnel',
  gateway: 'gateway',
}

/** Packages Istio's charts at each version into `folder` with an index, and pushes them to the registry as `charts/NAME`. */
export async function packCharts({
  helm,
  folder,
  work,
  registry,
}: {
  helm: string
  folder: string
  work: string
  registry: string
}): Promise<void> {
  const charts = join(await istioSources(), 'manifests', 'charts')
  mkdirSync(folder, {recursive: true})
  const env = {
    ...process.env,
    HELM_CACHE_HOME: join(work, 'helm'),
    HELM_CONFIG_HOME: join(work, 'helm'),
    HELM_DATA_HOME: join(work, 'helm'),
  }
  for (const version of [versions.istioBefore.version, ...versions.istio]) {
    for (const [name, source] of Object.entries(sources)) {
      const chart = join(work, 'charts', version, name)
      cpSync(join(charts, source), chart, {recursive: true})
      // Go's module cache is read-only, and so are copies from it.
      await run('chmod', ['-R', 'u+w', chart])
      release(join(chart, 'values.yaml'), version)
      await run(helm, ['package', chart, '--version', version, '--app-version', version, '--destination', folder], {env})
    }
  }
  for (const file of readdirSync(folder)) await run(helm, ['push', '--plain-http', join(folder, file), `oci://${registry}/charts`], {env})
  await run(helm, ['repo', 'index', folder], {env})
}

/** Names the released images, as Istio's release does: its sources name those of the day. */
function release(values: string, version: string): void {
  const text = readFileSync(values, 'utf8')
  writeFileSync(
    values,
    text.replaceAll('hub: registry.istio.io/testing', 'hub: docker.io/istio').replaceAll('tag: latest', `tag: ${version}`),
  )
}
