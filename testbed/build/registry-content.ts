import {spawn} from 'node:child_process'
import {createServer, type AddressInfo} from 'node:net'
import {pause} from '../shell.ts'

/** One manifest of a registry, ready to be put into another one that already has its blobs. */
export interface Manifest {
  repository: string
  tag: string
  contentType: string
  body: string
}

/** Runs a registry that keeps its blobs in `folder` while `use` works with its address (`127.0.0.1:PORT`). */
export async function withRegistry<T>(crane: string, folder: string, use: (registry: string) => Promise<T>): Promise<T> {
  const address = `127.0.0.1:${await freePort()}`
  const server = spawn(crane, ['registry', 'serve', '--address', address, '--disk', folder], {stdio: 'ignore'})
  try {
    for (
      let tries = 0;
      !(await fetch(`http://${address}/v2/`).then(
        (response) => response.ok,
        () => false,
      ));
      tries++
    ) {
      if (tries === 200 || server.exitCode !== null) throw new Error('`crane registry serve` did not start')
      await pause(25)
    }
    return await use(address)
  } finally {
    server.kill('SIGKILL')
  }
}

/** All tagged manifests of that registry. */
export async function readManifests(registry: string): Promise<Manifest[]> {
  const get = async (path: string, headers = {}) => {
    const response = await fetch(`http://${registry}/v2/${path}`, {headers})
    if (!response.ok) throw new Error(`The registry answers ${response.status} for \`${path}\``)
    return response
  }
  const {repositories} = (await (await get('_catalog?n=1000')).json()) as {repositories: string[]}
  const manifests: Manifest[] = []
  for (const repository of repositories.sort()) {
    const {tags} = (await (await get(`${repository}/tags/list?n=1000`)).json()) as {tags: string[]}
    for (const tag of tags.sort()) {
      const response = await get(`${repository}/manifests/${tag}`)
      manifests.push({repository, tag, contentType: response.headers.get('content-type') as string, body: await response.text()})
    }
  }
  return manifests
}

/** Puts the manifests into the registry at that URL; their blobs must be there. */
export async function putManifests(url: string, manifests: Manifest[]): Promise<void> {
  await Promise.all(
    manifests.map(async ({repository, tag, contentType, body}) => {
      const response = await fetch(`${url}/v2/${repository}/manifests/${tag}`, {
        method: 'PUT',
        headers: {'content-type': contentType},
        body,
      })
      if (!response.ok)
        throw new Error(`The registry answers ${response.status} to the manifest of \`${repository}:${tag}\`: ${await response.text()}`)
    }),
  )
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const {port} = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
