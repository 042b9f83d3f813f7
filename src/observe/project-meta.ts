import {parse} from 'yaml'
import type {KubeObject} from '../io/io.ts'
import type {ObjectMeta} from '../model/policy.ts'
import {type Share, unshared} from './shared.ts'
import {type Fields, fieldsOf, isFields, numberOf, textMapOf, textOf} from './untrusted.ts'

/** What every projected object carries; a namespaced object written without a namespace lies in `default`, as for the API server. */
export function metaFrom(object: KubeObject, share: Share = unshared): ObjectMeta {
  const metadata = fieldsOf(object.metadata)
  return {
    namespace: textOf(metadata['namespace']) || 'default',
    name: textOf(metadata['name']),
    uid: textOf(metadata['uid']),
    createdAt: textOf(metadata['creationTimestamp']),
    generation: numberOf(metadata['generation'], 0),
    labels: share('labels', metadata['labels'], () => textMapOf(metadata['labels'])),
    annotations: share('annotations', metadata['annotations'], () => annotationsFrom(metadata['annotations'])),
    ...placeOf(object),
  }
}

/** File and line of a manifest's object; nothing for one of a cluster. */
export function placeOf(object: KubeObject): {file?: string; line?: number} {
  const {file, line} = object
  return typeof file === 'string' ? {file, ...(typeof line === 'number' && {line})} : {}
}

/** The annotations a snapshot may hold: Istio's, ours and the CNI's networks; never last-applied, which repeats whole objects. */
export function annotationsFrom(value: unknown): Record<string, string> {
  return Object.fromEntries(
    Object.entries(textMapOf(value))
      .filter(([key]) => isKept(key))
      .map(([key, text]) => [key, key === 'proxy.istio.io/config' ? proxyConfigText(text) : text]),
  )
}

function isKept(key: string): boolean {
  const domain = key.split('/', 1)[0] ?? ''
  return domain === 'istio.io' || domain.endsWith('.istio.io') || domain === 'istio-mtls' || cniAnnotations.has(key)
}

const cniAnnotations = new Set(['k8s.v1.cni.cncf.io/networks', 'k8s.v1.cni.cncf.io/network-status'])

/** proxyMetadata is environment of the proxy, so the same rule holds as for env: only ISTIO_META_* may leave the cluster. */
function proxyConfigText(text: string): string {
  try {
    const config: unknown = parse(text)
    if (!isFields(config)) return ''
    const metadata = Object.entries(fieldsOf(config['proxyMetadata'])).filter(([name]) => name.startsWith('ISTIO_META_'))
    const kept: Fields = {proxyMetadata: Object.fromEntries(metadata)}
    for (const name of proxyConfigFields) if (name in config) kept[name] = config[name]
    return JSON.stringify(kept)
  } catch {
    return ''
  }
}

const proxyConfigFields = ['interceptionMode', 'holdApplicationUntilProxyStarts', 'statusPort', 'drainDuration', 'concurrency']
