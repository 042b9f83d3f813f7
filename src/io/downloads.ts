import type {IncomingMessage} from 'node:http'
import {HttpClient} from '@actions/http-client'
import {Failure, messageOf} from '../model/failure.ts'
import type {Clock, Downloads} from './io.ts'
import {codeOf, retryDelay} from './retry.ts'
import {after} from './timer.ts'

/** Downloads by @actions/http-client, which honours proxies; redirects are followed here, for it knows no relative ones. */
export function liveDownloads(clock: Clock): Downloads {
  return {
    async bytes(url, {maxBytes, timeoutMs, onRetry = () => {}}) {
      const deadline = clock.ticks() + timeoutMs
      for (let next = 2; ; next++) {
        const remaining = Math.max(deadline - clock.ticks(), 1)
        try {
          return await attempt(url, maxBytes, remaining)
        } catch (thrown) {
          if (!(thrown instanceof Refused)) throw thrown
          const delay = retryDelay(thrown, next, Math.random())
          if (delay === null || clock.ticks() + delay > deadline) throw failureOf(url, thrown)
          onRetry(`${thrown.message}; trying again in ${(delay / 1000).toFixed(1)} s`)
          await clock.sleep(delay)
        }
      }
    },
  }
}

async function attempt(url: string, maxBytes: number, timeoutMs: number): Promise<Uint8Array> {
  const client = new HttpClient(userAgent, [], {allowRetries: false, allowRedirects: false, socketTimeout: Math.min(timeoutMs, idleMs)})
  let message: IncomingMessage | undefined
  const timeout = Promise.withResolvers<never>()
  const timer = after(timeoutMs, () => {
    timeout.reject(new Refused(`no answer within ${Math.round(timeoutMs / 1000)} s`, {code: 'TIMEOUT'}))
  })
  try {
    const answer = async () => {
      let at = new URL(url)
      for (let hops = 0; hops <= maxRedirects; hops++) {
        message = (await client.get(at.href)).message
        const {statusCode = 0, headers} = message
        if (statusCode < 300 || statusCode >= 400 || headers.location === undefined) return bodyOf(message, url, maxBytes)
        message.destroy()
        at = redirected(at, headers.location)
      }
      throw new Refused(`it redirects more than ${maxRedirects} times`, {})
    }
    return await Promise.race([answer(), timeout.promise])
  } catch (thrown) {
    throw thrown instanceof Refused || thrown instanceof Failure ? thrown : new Refused(messageOf(thrown), {code: codeOf(thrown)})
  } finally {
    clearTimeout(timer)
    message?.destroy()
    client.dispose()
  }
}

function redirected(from: URL, location: string): URL {
  const to = new URL(location, from)
  if (to.protocol !== from.protocol && from.protocol === 'https:') throw new Refused('it redirects from https to http', {})
  return to
}

async function bodyOf(message: IncomingMessage, url: string, maxBytes: number): Promise<Uint8Array> {
  const {statusCode: status = 0, headers} = message
  if (status !== 200) throw new Refused(`it answered ${status}`, {status, retryAfter: headers['retry-after'] ?? ''})
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of message as AsyncIterable<Uint8Array>) {
    chunks.push(chunk)
    size += chunk.length
    if (size > maxBytes) {
      throw new Failure(`\`${url}\` is bigger than the ${maxBytes} bytes it may have.`, {cure: 'Check that the address is right.', entry})
    }
  }
  return Buffer.concat(chunks)
}

class Refused extends Error {
  readonly status: number
  readonly code: string
  readonly retryAfter: string
  constructor(message: string, {status = 0, code = '', retryAfter = ''}) {
    super(message)
    this.status = status
    this.code = code
    this.retryAfter = retryAfter
  }
}

function failureOf(url: string, refused: Refused): Failure {
  return new Failure(`\`${url}\` could not be downloaded: ${refused.message}.`, {
    cure: 'Check the address and that the runner reaches it (`HTTPS_PROXY`, `NO_PROXY`), or name a mirror that it reaches.',
    entry,
    cause: refused,
  })
}

const entry = 'download-failed'
const userAgent = 'istio-mtls-action'
const maxRedirects = 5
const idleMs = 30_000
