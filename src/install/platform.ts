import {Failure} from '../model/failure.ts'

/** One of helm's release archives: its platform, its extension and the one member that is helm. */
export interface HelmPlatform {
  /** As in the archive's name: `linux-amd64`. */
  name: string
  extension: 'tar.gz' | 'zip'
  member: string
  /** What the extracted program is called. */
  program: string
}

/** Helm's platform for node's `process.platform` and `process.arch`; throws a `Failure` where helm publishes none. */
export function helmPlatform(platform: string, arch: string): HelmPlatform {
  const os = systems[platform]
  const cpu = processors[arch]
  if (os === undefined || cpu === undefined || !published[os]?.includes(cpu)) {
    throw new Failure(`Helm publishes no program for \`${platform}\` on \`${arch}\`.`, {
      cure: 'Run the job on a Linux, macOS or Windows runner with an x64 or arm64 processor, or set `install: never`.',
      entry: 'helm-platform',
    })
  }
  const name = `${os}-${cpu}`
  const program = os === 'windows' ? 'helm.exe' : 'helm'
  return {name, extension: os === 'windows' ? 'zip' : 'tar.gz', member: `${name}/${program}`, program}
}

const systems: Record<string, string> = {linux: 'linux', darwin: 'darwin', win32: 'windows'}

/** Node's names to Go's; node's one `ppc64` is little-endian on every runner there is. */
const processors: Record<string, string> = {
  x64: 'amd64',
  arm64: 'arm64',
  arm: 'arm',
  ia32: '386',
  ppc64: 'ppc64le',
  riscv64: 'riscv64',
  s390x: 's390x',
}

/** helm/helm .goreleaser and scripts/get-helm-4, `verifySupported`. */
const published: Record<string, string[]> = {
  linux: ['386', 'amd64', 'arm', 'arm64', 'ppc64le', 'riscv64', 's390x'],
  darwin: ['amd64', 'arm64'],
  windows: ['amd64', 'arm64'],
}
