import type {Caller, Outlook, TurningRow} from '../model/forecast.ts'
import {quoted} from './words.ts'

/** A caller in a sentence: `` Deployment `legacy/till` ``, `sidecars of namespace …`, `the kubelet`. */
export function callerText({kind, namespace, name}: Caller): string {
  if (kind === 'kubelet' || kind === 'API server') return `the ${kind}`
  if (kind === 'somebody') return kind
  if (name !== '') return `${kind} ${quoted(namespace === '' ? name : `${namespace}/${name}`)}`
  return namespace === '' ? `any ${kind}`.replace('any clients', 'clients') : `${kind} of namespace ${quoted(namespace)}`
}

/** What is called, in a sentence. */
export function serverText(server: TurningRow | null): string {
  if (server === null) return 'whatever it calls'
  return server.port === null
    ? `undeclared ports of ${quoted(`${server.namespace}/${server.workload.name}`)}`
    : quoted(`${server.namespace}/${server.workload.name}:${server.port}`)
}

/** An outlook as a mark and words: never colour or picture alone. */
export const outlookWords: Record<Outlook, {mark: string; word: string; means: string}> = {
  breaks: {mark: '❌', word: 'breaks', means: 'calls, and would be refused'},
  'may-break': {mark: '⚠️', word: 'may break', means: 'would be refused if it calls'},
  unknown: {mark: '❓', word: 'unknown', means: 'may come with or without mutual TLS'},
  safe: {mark: '✅', word: 'safe', means: 'comes with mutual TLS'},
}
