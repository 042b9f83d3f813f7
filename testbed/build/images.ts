import {cpSync, existsSync, mkdirSync, rmSync, symlinkSync} from 'node:fs'
import {join} from 'node:path'
import {run} from '../shell.ts'
import {versions} from '../versions.ts'
import {envoyBinary, debianRoot} from './foreign.ts'
import {istioSources} from './programs.ts'

/** An image as the registry will hold it, and the layers (root folders below `roots`) it is made of. */
interface Image {
  name: string
  layers: string[]
  entrypoint: string
  user?: string
}

/** The images of the bed, under the names that charts and kubelet ask docker.io for. */
export const imageNames = {pause: 'library/pause:1', coredns: `coredns/coredns:${versions.coredns}`, echo: 'istio/app:1'}

const images: Image[] = [
  {name: imageNames.pause, layers: ['busybox'], entrypoint: '/bin/sleep,2147483647'},
  {name: imageNames.coredns, layers: ['coredns'], entrypoint: '/coredns'},
  {name: imageNames.echo, layers: ['busybox', 'app'], entrypoint: '/usr/local/bin/server'},
  ...versions.istio.flatMap((istio) => istioImages(istio, istio)),
  ...istioImages(versions.istioBefore.version, versions.istioBefore.is),
]

function istioImages(tag: string, built: string): Image[] {
  return [
    {name: `istio/pilot:${tag}`, layers: [`pilot-${built}`], entrypoint: '/usr/local/bin/pilot-discovery', user: '1337:1337'},
    {name: `istio/proxyv2:${tag}`, layers: ['proxy', `agent-${built}`], entrypoint: '/usr/local/bin/pilot-agent'},
  ]
}

/** Makes all images from the built programs and pushes them to the registry at `registry`; `work` is scratch. */
export async function pushImages({
  programs,
  work,
  registry,
  onProgress,
}: {
  programs: string
  work: string
  registry: string
  onProgress: (line: string) => void
}): Promise<void> {
  await makeRoots(programs, join(work, 'roots'), onProgress)
  const crane = join(programs, 'bin', 'crane')
  const layers = new Map<string, string>()
  for (const layer of new Set(images.flatMap((image) => image.layers))) layers.set(layer, await packLayer(join(work, 'roots', layer)))
  for (const {name, layers: parts, entrypoint, user} of images) {
    onProgress(`making image docker.io/${name}`)
    const files = parts.flatMap((part) => ['--new_layer', layers.get(part) as string])
    await run(crane, [
      'append',
      '--insecure',
      '--oci-empty-base',
      '--platform',
      'linux/amd64',
      ...files,
      '--new_tag',
      `${registry}/${name}`,
    ])
    const config = ['--set-platform', 'linux/amd64', '--entrypoint', entrypoint, ...(user ? ['--user', user] : [])]
    await run(crane, ['mutate', '--insecure', `${registry}/${name}`, ...config, '--tag', `${registry}/${name}`])
  }
}

async function makeRoots(programs: string, roots: string, onProgress: (line: string) => void): Promise<void> {
  const copy = (from: string, to: string) => cpSync(from, join(roots, to), {recursive: true})
  onProgress('making the root of the proxy image: Debian with iptables, and Envoy')
  await debianRoot(join(roots, 'proxy'))
  await envoyBinary(join(roots, 'proxy', 'usr', 'local', 'bin', 'envoy'), join(roots, '..'))
  copy(join(await istioSources(), 'tools/packaging/common/envoy_bootstrap.json'), 'proxy/var/lib/istio/envoy/envoy_bootstrap_tmpl.json')
  copy(join(roots, 'proxy/bin/busybox'), 'busybox/bin/busybox')
  for (const applet of ['sh', 'sleep', 'cat']) symlinkSync('busybox', join(roots, 'busybox/bin', applet))
  copy(join(programs, 'bin/coredns'), 'coredns/coredns')
  copy(join(programs, 'echo/server'), 'app/usr/local/bin/server')
  copy(join(programs, 'echo/client'), 'app/usr/local/bin/client')
  mkdirSync(join(roots, 'app/tmp'))
  for (const istio of versions.istio) {
    copy(join(programs, `istio-${istio}/pilot-discovery`), `pilot-${istio}/usr/local/bin/pilot-discovery`)
    for (const folder of ['tmp', 'etc', 'var/run']) mkdirSync(join(roots, `pilot-${istio}`, folder), {recursive: true})
    await run('chmod', ['1777', join(roots, `pilot-${istio}/tmp`)])
    copy(join(programs, `istio-${istio}/pilot-agent`), `agent-${istio}/usr/local/bin/pilot-agent`)
  }
}

/** A layer of the same files always has the same digest. */
async function packLayer(root: string): Promise<string> {
  const file = `${root}.tar`
  if (existsSync(file)) rmSync(file)
  await run('tar', ['--sort=name', '--mtime=@0', '--owner=0', '--group=0', '--numeric-owner', '-C', root, '-cf', file, '.'])
  // The fastest level: a pull from this machine waits for unpacking, not for the network.
  await run('gzip', ['-1', '--no-name', '--force', file])
  return `${file}.gz`
}
