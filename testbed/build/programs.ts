import {mkdirSync, renameSync} from 'node:fs'
import {join} from 'node:path'
import {sourceDir} from '../paths.ts'
import {run} from '../shell.ts'
import {newestIstio, versions} from '../versions.ts'

const kubernetes = ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kubelet', 'kube-proxy', 'kubectl'].map(
  (name) => `k8s.io/kubernetes/cmd/${name}`,
)
const containerd = ['containerd', 'containerd-shim-runc-v2'].map((name) => `github.com/containerd/containerd/v2/cmd/${name}`)
const cni = ['main/bridge', 'main/loopback', 'ipam/host-local', 'meta/portmap'].map(
  (name) => `github.com/containernetworking/plugins/plugins/${name}`,
)
const others = [
  'github.com/coredns/coredns',
  'github.com/google/go-containerregistry/cmd/crane',
  'helm.sh/helm/v4/cmd/helm',
  'istio.io/istio/istioctl/cmd/istioctl',
]
const pilot = ['pilot-discovery', 'pilot-agent'].map((name) => `istio.io/istio/pilot/cmd/${name}`)

/** Which packages land in which folder; the linker's version flags differ by Istio version only. */
export const programGroups: {folder: string; packages: string[]; istio?: string; rename?: [from: string, to: string]}[] = [
  {folder: 'bin', packages: [...kubernetes, ...containerd, ...others]},
  {folder: 'cni', packages: cni},
  // Both are called `server` by Go.
  {folder: 'bin', packages: ['go.etcd.io/etcd/server/v3'], rename: ['server', 'etcd']},
  {folder: 'echo', packages: ['istio.io/istio/pkg/test/echo/cmd/server', 'istio.io/istio/pkg/test/echo/cmd/client']},
  ...versions.istio.map((istio) => ({folder: `istio-${istio}`, packages: pilot, istio})),
]

/** The flags of every `go build` here; without the version variables the API server would call itself v0.0.0 and version checks fail. */
export function buildFlags(istio: string = newestIstio): string[] {
  const [, major, minor] = /^v(\d+)\.(\d+)/.exec(versions.kubernetes) ?? []
  const variables = {
    'k8s.io/component-base/version.gitVersion': versions.kubernetes,
    'k8s.io/component-base/version.gitMajor': major,
    'k8s.io/component-base/version.gitMinor': minor,
    'github.com/containerd/containerd/v2/version.Version': versions.containerd,
    'helm.sh/helm/v4/internal/version.version': versions.helm,
    'helm.sh/helm/v4/internal/version.gitTreeState': 'clean',
    'istio.io/istio/pkg/version.buildVersion': istio,
    'istio.io/istio/pkg/version.buildTag': istio,
    'istio.io/istio/pkg/version.buildStatus': 'Clean',
  }
  return [
    '-mod=mod',
    '-trimpath',
    '-ldflags',
    ['-s -w', ...Object.entries(variables).map(([name, value]) => `-X ${name}=${value}`)].join(' '),
  ]
}

/** Compiles all Go programs into that folder; about 13 minutes on two cores the first time, a minute of linking when Go's own cache is warm. */
export async function buildPrograms(folder: string, onProgress: (line: string) => void): Promise<void> {
  const env = {...process.env, CGO_ENABLED: '0', GOFLAGS: ''}
  await requireGo()
  onProgress('resolving Go modules')
  const total = (await run('go', ['list', '-mod=mod', '-deps', 'tool'], {cwd: sourceDir, env})).split('\n').length
  let compiled = 0
  const started = Date.now()
  const report = () =>
    onProgress(`building Go programs: ${compiled} packages compiled (${total} at most), ${Math.round((Date.now() - started) / 1000)} s`)
  const timer = setInterval(report, 15_000)
  try {
    for (const group of programGroups) {
      const target = join(folder, group.folder)
      mkdirSync(target, {recursive: true})
      await run('go', ['build', '-v', ...buildFlags(group.istio), '-o', `${target}/`, ...group.packages], {
        cwd: sourceDir,
        env,
        onStderr: (line) => {
          if (/^[\w.-]+(\/[\w.-]+)*$/.test(line)) compiled++
        },
      })
      if (group.rename) renameSync(join(target, group.rename[0]), join(target, group.rename[1]))
    }
  } finally {
    clearInterval(timer)
  }
  report()
}

async function requireGo(): Promise<void> {
  await run('go', ['version']).catch((error: Error) => {
    throw new Error(
      `The test bed compiles Kubernetes and Istio and needs Go 1.21 or newer in PATH: install it from https://go.dev/dl (${error.message})`,
    )
  })
}

/** The folder of Istio's own sources in Go's module cache. */
export async function istioSources(): Promise<string> {
  return (await run('go', ['list', '-mod=mod', '-m', '-f', '{{.Dir}}', 'istio.io/istio'], {cwd: sourceDir})).trim()
}
