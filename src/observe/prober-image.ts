import type {Kube, KubeObject} from '../io/io.ts'
import type {Mesh} from '../model/mesh.ts'
import {fieldsOf, textMapOf, textOf} from './untrusted.ts'

/**
 * The proxy image that the injector of a mesh gives every sidecar, which the nodes therefore have (Istio's pkg/kube/inject/inject.go: ProxyImage); null where
 * its configuration cannot be read. Not taken from a running pod: whoever owns one could choose the prober's program.
 */
export async function injectedProxyImage({namespace, revision}: Pick<Mesh, 'namespace' | 'revision'>, kube: Kube): Promise<string | null> {
  const name = revision === 'default' ? 'istio-sidecar-injector' : `istio-sidecar-injector-${revision}`
  const configMap = await kube.find<KubeObject>(`/api/v1/namespaces/${namespace}/configmaps/${name}`).catch(() => null)
  return configMap === null ? null : proxyImageFrom(textMapOf(configMap['data'])['values'] ?? '')
}

/** The same from the text of the key `values`. */
export function proxyImageFrom(values: string): string | null {
  let parsed: unknown
  try {
    parsed = JSON.parse(values)
  } catch {
    return null
  }
  const global = fieldsOf(fieldsOf(parsed)['global'])
  const image = textOf(fieldsOf(global['proxy'])['image']) || 'proxyv2'
  if (image.includes('/')) return image
  const hub = textOf(global['hub'])
  const tag = typeof global['tag'] === 'number' ? String(global['tag']) : textOf(global['tag'])
  return hub === '' || tag === '' ? null : `${hub}/${image}:${tag}`
}
