import {join} from 'node:path'
import {nearest} from '../derive/nearest.ts'
import type {Io} from '../io/io.ts'
import {Failure} from '../model/failure.ts'
import type {Chart} from './charts.ts'

/** Throws unless each chart has a profile for this platform (files/profile-platform-NAME.yaml); '' asks for none. */
export async function refuseUnknownPlatform(platform: string, charts: Chart[], io: Pick<Io, 'files'>): Promise<void> {
  if (platform === '') return
  for (const chart of charts) {
    if (chart.path === '' || (await hasFile(chart, `files/profile-platform-${platform}.yaml`, io))) continue
    const close = nearest(platform, known)
    throw new Failure(
      `\`platform\` is \`${platform}\`, which chart \`${chart.name}\` does not know${close === null ? '' : `; did you mean \`${close}\`?`}`,
      {
        cure: `Istio's charts know ${known.map((each) => `\`${each}\``).join(', ')}; on any other platform leave \`platform\` out. Nothing was changed.`,
        entry: 'platform-unknown',
      },
    )
  }
}

/** Istio 1.31, manifests/charts/base/files/profile-platform-*.yaml: only for the message; what a chart knows, its own files tell. */
const known = ['gke', 'k3d', 'k3s', 'microk8s', 'minikube', 'openshift']

async function hasFile({name, path}: Chart, file: string, {files}: Pick<Io, 'files'>): Promise<boolean> {
  if (!path.endsWith('.tgz')) return files.exists(join(path, file))
  return (await files.member(await files.readBytes(path), `${name}/${file}`, 1024 * 1024)) !== null
}
