import {httpsRequest} from '../api.ts'

/** Whether a component's own health page says `ok`; its certificate is its own making, and the question carries no secret. */
export async function isHealthy(url: string): Promise<boolean> {
  return (await httpsRequest(url, {rejectUnauthorized: false})).text === 'ok'
}

/** Whether a plain HTTP page answers with success, within five seconds. */
export async function answers(url: string): Promise<boolean> {
  return (await fetch(url, {signal: AbortSignal.timeout(5000)})).ok
}
