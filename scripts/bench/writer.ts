import {readFileSync} from 'node:fs'
import {Agent} from 'node:https'
import {join} from 'node:path'
import {httpsRequest} from '../../testbed/api.ts'
import type {ScaleBed} from '../../testbed/scale.ts'
import type {Seed} from './objects.ts'

/** Writes objects through the API server; one that exists is left alone. */
export interface Writer {
  /** Resolves with the object's UID. */
  create(seed: Seed): Promise<string>
  /** All at once, 32 at a time. */
  createAll(seeds: Seed[]): Promise<void>
  remove(path: string): Promise<void>
  /** Waits until a kind that was just defined is served. */
  settle(path: string): Promise<void>
  close(): void
}

/** A writer with the administrator's rights. */
export function writer({apiServer, pki}: ScaleBed): Writer {
  const file = (name: string) => readFileSync(join(pki, name))
  const agent = new Agent({keepAlive: true, maxSockets: 32, ca: file('ca.crt'), cert: file('admin.crt'), key: file('admin.key')})
  const ask = (method: string, path: string, body?: unknown) => {
    const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json'
    return httpsRequest(apiServer + path, {method, agent, headers: {'content-type': type}}, body)
  }
  const must = async (method: string, path: string, body: unknown, but: number): Promise<string> => {
    const {status, text} = await ask(method, path, body)
    if (status >= 300 && status !== but) throw new Error(`${method} ${path}: ${status} ${text.slice(0, 500)}`)
    return text
  }
  const create = async ({collection, object, status}: Seed): Promise<string> => {
    const text = await must('POST', collection, object, 409)
    if (status !== undefined) await must('PATCH', `${collection}/${object.metadata.name}/status`, {status}, 0)
    return (JSON.parse(text) as {metadata: {uid?: string}}).metadata.uid ?? ''
  }
  return {
    create,
    async createAll(seeds) {
      await Promise.all(seeds.map(create))
    },
    async remove(path) {
      await must('DELETE', path, undefined, 404)
    },
    async settle(path) {
      for (let tries = 0; (await ask('GET', path)).status !== 200; tries++) {
        if (tries > 100) throw new Error(`${path} is not served`)
        await new Promise((resolve) => setTimeout(resolve, 100))
      }
    },
    close: () => agent.destroy(),
  }
}
