import {KubeFailure} from '../model/failure.ts'
import {forwardedGet} from './forwarded-get.ts'
import type {Kube, KubeObject} from './io.ts'
import {forward} from './kube-forward.ts'
import {objectFrom} from './kube-failure.ts'
import {listPages} from './kube-list.ts'
import {withQuery} from './kube-path.ts'
import {probe} from './kube-probe.ts'
import {type Patience, sendPatiently} from './kube-retry.ts'
import type {KubeRequest, Transport} from './kube-transport.ts'
import {Texts} from './texts.ts'

/** The API server behind `transport`, asked patiently. */
export function kubeOver(transport: Transport, patience: Patience): Kube {
  const ask = async <T>(request: KubeRequest, repeatable = true): Promise<T> => {
    return objectFrom(await sendPatiently(transport, request, repeatable, patience), request) as T
  }
  const texts = new Texts()
  return {
    server: transport.server,
    get kubeconfig() {
      return transport.kubeconfig()
    },
    get: (path) => ask({method: 'GET', path}),
    find: (path) => orWhenMissing(ask({method: 'GET', path}), null),
    list: (path, project, {kind} = {}) =>
      listPages({send: (request) => sendPatiently(transport, request, true, patience), texts}, path, project, kind),
    apply: (path, object, {fieldManager, dryRun}) =>
      ask<KubeObject>({
        method: 'PATCH',
        path: withQuery(path, {fieldManager, force: 'false', fieldValidation: 'Strict', ...dryRunOf(dryRun)}),
        contentType: 'application/apply-patch+yaml',
        body: JSON.stringify(object),
      }),
    create: (path, object, {dryRun} = {}) =>
      ask(
        {method: 'POST', path: withQuery(path, {fieldValidation: 'Strict', ...dryRunOf(dryRun)}), body: JSON.stringify(object)},
        // A review or a dry run leaves nothing behind, so it can be sent twice.
        dryRun === true || /reviews$/.test(path),
      ),
    patch: (path, patch, {fieldManager, dryRun}) =>
      ask<KubeObject>({
        method: 'PATCH',
        path: withQuery(path, {fieldManager, ...dryRunOf(dryRun)}),
        contentType: 'application/merge-patch+json',
        body: JSON.stringify(patch),
      }),
    remove(path, preconditions) {
      const body = JSON.stringify({apiVersion: 'v1', kind: 'DeleteOptions', preconditions})
      return orWhenMissing(
        ask({method: 'DELETE', path, body}).then(() => true),
        false,
      )
    },
    probe: (path, options) => probe(transport, path, options),
    forward: (target, {timeoutMs}) => forward(transport, target, timeoutMs, patience.clock),
    async forwardedGet(target, path, {timeoutMs, maxBytes}) {
      const before = patience.clock.ticks()
      const stream = await forward(transport, target, timeoutMs, patience.clock)
      return forwardedGet(stream, path, {timeoutMs: Math.max(timeoutMs - (patience.clock.ticks() - before), 1), maxBytes})
    },
    close: transport.close,
  }
}

function dryRunOf(dryRun: boolean | undefined): Record<string, string> {
  return dryRun ? {dryRun: 'All'} : {}
}

async function orWhenMissing<T>(answer: Promise<T>, otherwise: T): Promise<T> {
  return answer.catch((thrown) => {
    if (thrown instanceof KubeFailure && thrown.status === 404) return otherwise
    throw thrown
  })
}
