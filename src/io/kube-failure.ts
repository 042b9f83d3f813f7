import {KubeFailure, messageOf} from '../model/failure.ts'
import type {KubeAnswer, KubeRequest} from './kube-transport.ts'
import {codeOf} from './retry.ts'

/** What the API server's refusal says: a Status object's message and reason, else the start of the body. */
export function refusedBy({status, body}: KubeAnswer, {path}: KubeRequest): KubeFailure {
  const {message = '', reason = ''} = statusObject(body)
  if (message !== '') return new KubeFailure(message, {status, reason, path})
  if (status === 404) return new KubeFailure('the server could not find the requested resource', {status, reason: 'NotFound', path})
  return new KubeFailure(`the API server answered ${status}: ${body.trim().slice(0, 200) || '(nothing)'}`, {status, reason, path})
}

/** The object of a successful answer; throws when something in between answered for the API server. */
export function objectFrom({status, body}: KubeAnswer, {path}: KubeRequest): unknown {
  try {
    return JSON.parse(body)
  } catch (cause) {
    const message = `the API server answered ${status} with what is no JSON: ${body.trim().slice(0, 200) || '(nothing)'}`
    throw new KubeFailure(message, {status, reason: 'NotJSON', path, cause})
  }
}

/** An answer in protobuf that is none, or is cut off though its connection was not. */
export function garbledBy(thrown: RangeError, {path}: KubeRequest): KubeFailure {
  return new KubeFailure(`the API server's protobuf could not be read: ${thrown.message}`, {
    status: 200,
    reason: garbled,
    path,
    cause: thrown,
  })
}

/** The reason of `garbledBy`. */
export const garbled = 'Garbled'

/** No answer at all: status 0, the network's own words, its error code as reason. */
export function notAnswered(thrown: unknown, server: string, {path}: KubeRequest): KubeFailure {
  return new KubeFailure(`the API server at ${server} did not answer: ${networkText(thrown)}`, {
    status: 0,
    reason: codeOf(thrown),
    path,
    cause: thrown,
  })
}

/** The network's words; node packs the failures of several addresses into an error without a message of its own. */
export function networkText(thrown: unknown): string {
  const {errors} = thrown as Partial<AggregateError>
  return Array.isArray(errors) ? errors.map(messageOf).join('; ') : messageOf(thrown)
}

function statusObject(body: string): {message?: string; reason?: string} {
  try {
    const value = JSON.parse(body) as {kind?: string; message?: string; reason?: string} | null
    return value?.kind === 'Status' ? value : {}
  } catch {
    return {}
  }
}
