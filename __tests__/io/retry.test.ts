import {describe, expect, test} from '@jest/globals'
import {codeOf, isTransient, retryDelay} from '../../src/io/retry.ts'

const refused = (status: number, retryAfter = '') => ({status, code: '', retryAfter})
const broken = (code: string) => ({status: 0, code, retryAfter: ''})

test.each<[string, ReturnType<typeof refused>, boolean]>([
  ...[429, 500, 502, 503, 504].map((status) => [`${status}`, refused(status), true] as [string, ReturnType<typeof refused>, boolean]),
  ...[400, 401, 403, 404, 409, 410, 422, 501].map(
    (status) => [`${status}`, refused(status), false] as [string, ReturnType<typeof refused>, boolean],
  ),
  ...['ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'EAI_AGAIN'].map(
    (code) => [code, broken(code), true] as [string, ReturnType<typeof refused>, boolean],
  ),
  ...['ECONNREFUSED', 'ENOTFOUND', 'CERT_HAS_EXPIRED', ''].map(
    (code) => [code || 'no code', broken(code), false] as [string, ReturnType<typeof refused>, boolean],
  ),
])('%s can%p succeed a moment later', (_, failed, expected) => {
  expect(isTransient(failed)).toBe(expected)
})

describe('the delay', () => {
  test('grows to a cap and is spread from nothing to all of it', () => {
    expect([2, 3, 4, 5].map((next) => retryDelay(refused(503), next, 0.5))).toEqual([250, 500, 1000, 2000])
    expect(retryDelay(refused(503), 5, 0)).toBe(0)
  })
  test('ends after five attempts', () => expect(retryDelay(refused(503), 6, 0.5)).toBeNull())
  test('is none for what cannot succeed', () => expect(retryDelay(refused(409), 2, 0.5)).toBeNull())
  test('is what the server asks for', () => expect(retryDelay(refused(429, '3'), 2, 0.5)).toBe(3000))
  test('but never more than half a minute', () => expect(retryDelay(refused(429, '3600'), 2, 0.5)).toBe(30_000))
  test('also as a date', () => {
    const asked = retryDelay(refused(503, new Date(Date.now() + 5000).toUTCString()), 2, 0)
    expect(asked).toBeGreaterThan(3000)
    expect(asked).toBeLessThanOrEqual(5000)
  })
  test('a date gone by means now', () => expect(retryDelay(refused(503, 'Wed, 21 Oct 2015 07:28:00 GMT'), 2, 0.5)).toBe(0))
  test('nonsense is not heard', () => expect(retryDelay(refused(503, 'soon'), 2, 0.5)).toBe(250))
})

test('an error code is found through causes', () => {
  const inner = Object.assign(new Error('read'), {code: 'ECONNRESET'})
  expect(codeOf(new Error('outer', {cause: inner}))).toBe('ECONNRESET')
  expect(codeOf('text')).toBe('')
})
