import {readFileSync} from 'node:fs'
import {join} from 'node:path'
import {sourceDir} from '../paths.ts'
import {run} from '../shell.ts'
import {versions} from '../versions.ts'

/** Module of helm 3, apart from the bed's own: one go.mod cannot hold helm's two major versions with their own Kubernetes libraries. */
export const helm3Dir = join(sourceDir, 'helm3')

/** What decides which helm 3 is built. */
export function helm3Sources(): string[] {
  return ['go.mod', 'go.sum'].map((file) => readFileSync(join(helm3Dir, file), 'utf8'))
}

/** Compiles helm 3 to that file: 85 s on two cores the first time, a few seconds of linking when Go's own cache is warm. */
export async function buildHelm3(file: string): Promise<void> {
  const flags = `-s -w -X helm.sh/helm/v3/internal/version.version=${versions.helm3} -X helm.sh/helm/v3/internal/version.gitTreeState=clean`
  await run('go', ['build', '-mod=readonly', '-trimpath', '-ldflags', flags, '-o', file, 'helm.sh/helm/v3/cmd/helm'], {
    cwd: helm3Dir,
    env: {...process.env, CGO_ENABLED: '0', GOFLAGS: ''},
  })
}
