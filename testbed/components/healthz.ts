import {httpsRequest} from '../api.ts'

/** Whether a component's own health page says `ok`; its certificate is its own making, and the question carries no secret. */
export async function isHealthy(url: string): Promise<boolean> {
  return (await httpsRequest(url, {rejectUnauthorized: false})).text === 'ok'
}
