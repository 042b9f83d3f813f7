import type {Io, Kube, KubeObject, ListedKind} from '../io/io.ts'
import {KubeFailure, messageOf} from '../model/failure.ts'
import {type Part, read, unread} from '../model/part.ts'

/** One kind of object to list, over all namespaces. */
export interface ListRead {
  /** Plural, as in RBAC rules and paths. */
  resource: string
  /** API group; '' for core. */
  group: string
  /** API versions to try in order: older clusters serve older ones. */
  versions: string[]
  /** Optional kinds come from CRDs: where no version is served, no such object exists. */
  optional?: boolean
  /** Only objects of this name, one a namespace. */
  name?: string
  /** The projection needs only what `io/kube-messages.ts` declares for this kind: asked for as protobuf. */
  kind?: ListedKind
}

/** Reads with the run's deadline in mind; whatever fails becomes `unread` with one sentence, never an exception. */
export interface Reader {
  list<T>(what: ListRead, project: (item: KubeObject) => T | null): Promise<Part<T[]>>
  /** The objects of a namespace; for the control plane's own. */
  listIn<T>(namespace: string, what: ListRead, project: (item: KubeObject) => T | null): Promise<Part<T[]>>
  /** Runs `body`; `what` completes "reading …" and `rule` names the grant a 403 asks for. */
  part<T>(what: string, rule: string, body: () => Promise<T>): Promise<Part<T>>
}

/** A reader of one cluster; `deadline` in clock ticks. */
export function readerOf(kube: Kube, io: Io, deadline: number): Reader {
  const reader: Reader = {
    list: (what, project) => reader.part(what.resource, ruleFor(what), () => listAny(kube, what, '', project)),
    listIn: (namespace, what, project) =>
      reader.part(`${what.resource} of ${namespace}`, ruleFor(what), () => listAny(kube, what, `namespaces/${namespace}/`, project)),
    part: async (what, rule, body) => {
      if (io.cancelled.aborted) return unread(`reading ${what} was cancelled`)
      if (io.clock.ticks() >= deadline)
        return unread(`reading ${what} had not begun when the run's \`deadline\` was over: give it more time`)
      try {
        return read(await body())
      } catch (thrown) {
        return unread(whyUnread(what, rule, thrown))
      }
    },
  }
  return reader
}

/** The grant that reading needs, as an RBAC rule says it. */
export function ruleFor({resource, group}: Pick<ListRead, 'resource' | 'group'>): string {
  return `\`get, list, watch\` on \`${resource}\` of API group \`${group === '' ? '""' : group}\``
}

/** One sentence: what was not read, why, and what to grant. */
export function whyUnread(what: string, rule: string, thrown: unknown): string {
  const status = thrown instanceof KubeFailure ? thrown.status : null
  if (status === 403) return `reading ${what} was refused (403): grant ${rule} (rbac/read.yaml)`
  if (status === 401) return `reading ${what} was refused (401): the kubeconfig's credentials are not accepted`
  return `reading ${what} failed: ${messageOf(thrown)}`
}

/** A grant for one name (`resourceNames`) covers the list, too, when it asks for that name alone. */
function queryFor({name}: ListRead): string {
  return name === undefined ? '' : `?fieldSelector=${encodeURIComponent(`metadata.name=${name}`)}`
}

async function listAny<T>(kube: Kube, what: ListRead, within: string, project: (item: KubeObject) => T | null): Promise<T[]> {
  for (const [at, version] of what.versions.entries()) {
    try {
      return await kube.list(
        `${what.group === '' ? '/api' : `/apis/${what.group}`}/${version}/${within}${what.resource}${queryFor(what)}`,
        project,
        what.kind === undefined ? {} : {kind: what.kind},
      )
    } catch (thrown) {
      const absent = thrown instanceof KubeFailure && thrown.status === 404
      const last = at === what.versions.length - 1
      if (!absent || (last && !what.optional)) throw thrown
    }
  }
  return []
}
