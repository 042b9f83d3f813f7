import {createHash} from 'node:crypto'
import {copyFileSync, mkdirSync, readFileSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {run} from '../shell.ts'
import {sourceDir} from '../paths.ts'

/** Packs the built helm as get.helm.sh does and returns the archive's SHA-256; the same program always gives the same archive. */
export async function packHelm(helm: string, version: string, folder: string, work: string): Promise<string> {
  const name = `helm-${version}-linux-amd64.tar.gz`
  const root = join(work, `helm-archive-${version}`)
  mkdirSync(join(root, 'linux-amd64'), {recursive: true})
  mkdirSync(folder, {recursive: true})
  copyFileSync(helm, join(root, 'linux-amd64', 'helm'))
  const module = (await run('go', ['list', '-mod=mod', '-m', '-f', '{{.Dir}}', 'helm.sh/helm/v4'], {cwd: sourceDir})).trim()
  for (const file of ['LICENSE', 'README.md']) copyFileSync(join(module, file), join(root, 'linux-amd64', file))
  await run('chmod', ['-R', 'u=rwX,go=rX', root])
  await run('chmod', ['755', join(root, 'linux-amd64', 'helm')])
  const tar = join(work, 'helm.tar')
  await run('tar', [
    '--sort=name',
    '--mtime=@0',
    '--owner=0',
    '--group=0',
    '--numeric-owner',
    '--format=ustar',
    '-C',
    root,
    '-cf',
    tar,
    'linux-amd64',
  ])
  await run('gzip', ['--no-name', '--force', tar])
  copyFileSync(`${tar}.gz`, join(folder, name))
  const sha256 = createHash('sha256')
    .update(readFileSync(join(folder, name)))
    .digest('hex')
  writeFileSync(join(folder, `${name}.sha256sum`), `${sha256}  ${name}\n`)
  writeFileSync(join(folder, `${name}.sha256`), sha256)
  return sha256
}
