import {KubeFailure} from '../model/failure.ts'
import type {KubeObject, ListedKind} from './io.ts'
import {withQuery} from './kube-path.ts'
import {ListReader} from './kube-stream.ts'
import type {KubeAnswer, KubeRequest} from './kube-transport.ts'
import {garbled, objectFrom} from './kube-failure.ts'
import type {Texts} from './texts.ts'

/** What reading a list takes: `send` answers with a success or throws `KubeFailure`. */
export interface ListSource {
  send(request: KubeRequest): Promise<KubeAnswer>
  texts: Texts
}

/** A page of a list as the API server writes it: items of built-in kinds name neither kind nor apiVersion. */
interface Page {
  apiVersion: string
  kind: string
  metadata: {continue?: string}
  items: KubeObject[] | null
}

/**
 * A whole list, each item projected and dropped at once. With `kind` in protobuf and in one answer: it is read as it comes, and the API server
 * sends it from its cache in half the time of its pages. In pages where that fails, and in JSON: there where something in between
 * speaks no protobuf (406, 415) or garbles it. A continue token that expired (410) restarts the list, once.
 */
export async function listPages<T>(
  source: ListSource,
  path: string,
  project: (item: KubeObject) => T | null,
  kind?: ListedKind,
): Promise<T[]> {
  if (kind !== undefined) {
    try {
      return await pages(source, path, project, kind, {})
    } catch (thrown) {
      if (!(thrown instanceof KubeFailure)) throw thrown
      if (thrown.status === 406 || thrown.status === 415 || thrown.reason === garbled) return listPages(source, path, project)
      if (thrown.status >= 400 && thrown.status < 500) throw thrown
    }
  }
  try {
    return await pages(source, path, project, kind, {limit: pageSize})
  } catch (thrown) {
    if (!(thrown instanceof KubeFailure && thrown.status === 410)) throw thrown
    return pages(source, path, project, kind, {limit: pageSize})
  }
}

async function pages<T>(
  source: ListSource,
  path: string,
  project: (item: KubeObject) => T | null,
  kind: ListedKind | undefined,
  limit: {limit?: string},
): Promise<T[]> {
  const projected: T[] = []
  let token = ''
  do {
    const request = {method: 'GET', path: withQuery(path, {...limit, ...(token === '' ? {} : {continue: token})})}
    const page = await pageOf(source, request, project, kind)
    for (const value of page.projected) projected.push(value)
    token = page.next
  } while (token !== '')
  return projected
}

async function pageOf<T>(
  {send, texts}: ListSource,
  request: KubeRequest,
  project: (item: KubeObject) => T | null,
  kind?: ListedKind,
): Promise<{projected: T[]; next: string}> {
  const sink = kind === undefined ? {} : {sink: () => new ListReader(kind, project, texts)}
  const answer = await send({...request, ...sink})
  if (answer.sink === undefined) return jsonPage(pageFrom(objectFrom(answer, request), request), project)
  const reader = answer.sink as ListReader<T>
  if (reader.thrown !== null) throw reader.thrown
  return reader
}

/** Another object than a list, such as a Status of something in between, must not read as a list of nothing: the API server always writes `items`. */
function pageFrom(value: unknown, {path}: KubeRequest): Page {
  const page = value as Partial<Page> | null
  const isPage = typeof page?.metadata === 'object' && page.metadata !== null && (page.items === null || Array.isArray(page.items))
  if (isPage) return page as Page
  throw new KubeFailure(`the API server answered with what is no list${typeof page?.kind === 'string' ? ` but a ${page.kind}` : ''}`, {
    status: 200,
    reason: garbled,
    path,
  })
}

function jsonPage<T>({apiVersion, kind, metadata, items}: Page, project: (item: KubeObject) => T | null): {projected: T[]; next: string} {
  const projected: T[] = []
  for (const item of items ?? []) {
    item.apiVersion ??= apiVersion
    item.kind ??= kind.replace(/List$/, '')
    const value = project(item)
    if (value !== null) projected.push(value)
  }
  return {projected, next: metadata.continue ?? ''}
}

const pageSize = '500'
