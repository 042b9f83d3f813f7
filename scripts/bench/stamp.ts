import {randomUUID} from 'node:crypto'
import type {Seed} from './objects.ts'

/**
 * Writes many objects at once: the first of each shape goes through the API server, which defaults, checks and stores it; the others are its
 * bytes in etcd with their own names in place of its names, which are as long. What the API server then reads is what it would have written.
 */
export function stampInto(etcd: string, create: (seed: Seed) => Promise<string>): {all(seeds: Iterable<Seed>): Promise<number>} {
  const masters = new Map<string, Master>()
  const ask = async (path: string, body: unknown) => {
    const answer = await fetch(`${etcd}/v3/kv/${path}`, {method: 'POST', body: JSON.stringify(body)})
    if (!answer.ok) throw new Error(`etcd answers ${answer.status}: ${(await answer.text()).slice(0, 300)}`)
    return answer.json()
  }
  const master = async (seed: Seed): Promise<Master> => {
    const uid = await create(seed)
    const prefix = prefixOf(seed)
    const {kvs} = (await ask('range', {key: base64(prefix + seed.object.metadata.name)})) as {kvs: {value: string}[]}
    return {tokens: [...(seed.tokens ?? []), uid], bytes: Buffer.from(kvs[0]?.value ?? '', 'base64').toString('latin1')}
  }
  return {
    async all(seeds) {
      let written = 0
      let batch: object[] = []
      const flush = async () => {
        if (batch.length > 0) await ask('txn', {success: batch})
        batch = []
      }
      const waiting: Seed[] = []
      for (const seed of seeds) {
        written++
        if (seed.collection === '/api/v1/namespaces') await create(seed)
        else if (seed.shape === undefined) waiting.push(seed)
        if (seed.shape === undefined) continue
        const known = masters.get(seed.shape)
        if (known === undefined) {
          masters.set(seed.shape, await master(seed))
          continue
        }
        const key = base64(prefixOf(seed) + seed.object.metadata.name)
        batch.push({requestPut: {key, value: Buffer.from(stamped(known, seed), 'latin1').toString('base64')}})
        if (batch.length === batchSize) await flush()
      }
      await flush()
      const queue = waiting.values()
      const worker = async () => {
        for (const seed of queue) await create(seed)
      }
      await Promise.all(Array.from({length: 32}, worker))
      return written
    },
  }
}

interface Master {
  tokens: string[]
  bytes: string
}

/** Below etcd's limits: 128 operations and 1.5 MB a transaction. */
const batchSize = 50

function stamped({tokens, bytes}: Master, seed: Seed): string {
  const own = [...(seed.tokens ?? []), randomUUID()]
  let text = bytes
  for (const [at, token] of tokens.entries()) {
    const mine = own[at] ?? ''
    if (mine.length !== token.length) throw new Error(`\`${mine}\` is not as long as \`${token}\``)
    text = text.replaceAll(token, mine)
  }
  return text
}

/** The API server's layout of etcd: built-in kinds by resource, others by group first. */
function prefixOf({collection}: Seed): string {
  const [, group = '', namespace = '', resource = ''] =
    /^\/(?:api\/v1|apis\/([^/]+)\/[^/]+)(?:\/namespaces\/([^/]+)\/(.+))?/.exec(collection) ?? []
  if (namespace === '') return `/registry/${collection.split('/').at(-1)}/`
  const folder = resource === 'services' ? 'services/specs' : resource
  return `/registry/${group.includes('.') ? `${group}/` : ''}${folder}/${namespace}/`
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64')
}
