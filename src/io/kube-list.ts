import {KubeFailure} from '../model/failure.ts'
import type {KubeObject} from './io.ts'
import {withQuery} from './kube-path.ts'

/** A page of a list as the API server writes it: items of built-in kinds name neither kind nor apiVersion. */
interface Page {
  apiVersion: string
  kind: string
  metadata: {continue?: string}
  items: KubeObject[] | null
}

/** All pages of a list, each item projected and dropped at once; a continue token that expired (410) restarts the list, once. */
export async function listPages<T>(
  get: (path: string) => Promise<Page>,
  path: string,
  project: (item: KubeObject) => T | null,
): Promise<T[]> {
  try {
    return await pages(get, path, project)
  } catch (thrown) {
    if (!(thrown instanceof KubeFailure && thrown.status === 410)) throw thrown
    return pages(get, path, project)
  }
}

async function pages<T>(get: (path: string) => Promise<Page>, path: string, project: (item: KubeObject) => T | null): Promise<T[]> {
  const projected: T[] = []
  let token: string | undefined
  do {
    const {apiVersion, kind, metadata, items} = await get(withQuery(path, {limit: pageSize, ...(token ? {continue: token} : {})}))
    for (const item of items ?? []) {
      item.apiVersion ??= apiVersion
      item.kind ??= kind.replace(/List$/, '')
      const value = project(item)
      if (value !== null) projected.push(value)
    }
    token = metadata.continue
  } while (token)
  return projected
}

const pageSize = '500'
