import {readFileSync} from 'node:fs'
import {Agent, type RequestOptions, request} from 'node:https'
import {join} from 'node:path'

/** A Kubernetes object as far as the bed looks into it. */
export interface KubeObject {
  apiVersion?: string
  kind?: string
  metadata: {name: string; namespace?: string; labels?: Record<string, string>; [more: string]: unknown}
  [more: string]: unknown
}

export interface Answer {
  status: number
  text: string
}

/** The bed's API server, asked as its administrator. */
export interface Api {
  request(method: string, path: string, body?: unknown, contentType?: string): Promise<Answer>
  /** The parsed answer; throws unless the status is 2xx. */
  json<T = KubeObject>(path: string): Promise<T>
  /** Creates an object at a collection's path; one that exists already is left alone. */
  create(path: string, object: unknown): Promise<void>
}

/** Talks to the API server of the bed whose certificates lie in that folder. */
export function apiOf(apiServer: string, pki: string): Api {
  const file = (name: string) => readFileSync(join(pki, name))
  const agent = new Agent({keepAlive: true, ca: file('ca.crt'), cert: file('admin.crt'), key: file('admin.key')})
  const ask: Api['request'] = (method, path, body, contentType = 'application/json') =>
    httpsRequest(apiServer + path, {method, agent, headers: body === undefined ? {} : {'content-type': contentType}}, body)
  return {
    request: ask,
    async json<T>(path: string) {
      const {status, text} = await ask('GET', path)
      if (status >= 300) throw new Error(`The API server answers ${status} for \`${path}\`: ${text.slice(0, 300)}`)
      return JSON.parse(text) as T
    },
    async create(path, object) {
      const {status, text} = await ask('POST', path, object)
      if (status >= 300 && status !== 409)
        throw new Error(`The API server answers ${status} to a new object at \`${path}\`: ${text.slice(0, 300)}`)
    },
  }
}

/** One HTTPS request, with the body as JSON where there is one; rejects when no answer comes within 30 seconds. */
export function httpsRequest(url: string, options: RequestOptions, body?: unknown): Promise<Answer> {
  const text = body === undefined ? '' : JSON.stringify(body)
  // Node would send the body of a DELETE without its length.
  const headers = {...options.headers, 'content-length': Buffer.byteLength(text)}
  return new Promise((resolve, reject) => {
    const call = request(url, {timeout: 30_000, ...options, headers}, (response) => {
      let answer = ''
      response.setEncoding('utf8').on('data', (chunk) => (answer += chunk))
      response.on('error', reject).on('end', () => resolve({status: response.statusCode ?? 0, text: answer}))
    })
    call.on('error', reject).on('timeout', () => call.destroy(new Error(`No answer from \`${url}\` within 30 s`)))
    call.end(text)
  })
}
