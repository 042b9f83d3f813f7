import type {HeldPolicy, ProxySync} from '../model/delivered.ts'
import {shortText} from './short-text.ts'
import {fieldsOf, isFields, listOf, numberOf, textOf} from './untrusted.ts'

/** The proxies of an istiod's `/debug/syncz`, by `pod.namespace` as istiod names them (pilot/pkg/xds/debug.go:SyncStatus); throws on any other answer. */
export function syncFrom(body: string, replica: string): Map<string, ProxySync> {
  const entries: unknown = JSON.parse(body)
  if (!Array.isArray(entries)) throw new Error('/debug/syncz is no list')
  return new Map(
    listOf(entries).map((entry) => {
      const resources = fieldsOf(entry['resources'])
      const own = fieldsOf(resources[listenerType])
      // An older istiod writes the nonces beside each other alone: unread, nothing sent would equal nothing acknowledged.
      const [sent, acked] = [textOf(own['sent']) || textOf(entry['listener_sent']), textOf(own['acked']) || textOf(entry['listener_acked'])]
      const listeners = {sent, acked, sentAt: textOf(own['sentTime'])}
      const errors = Object.entries(resources).flatMap(([type, state]) => {
        const text = shortText(fieldsOf(state)['lastError'])
        return text === '' ? [] : [`${shortTypes[type] ?? type}: ${text}`]
      })
      return [textOf(entry['proxy']), {replica, version: textOf(entry['istio_version']), listeners, errors}]
    }),
  )
}

const listenerType = 'type.googleapis.com/envoy.config.listener.v3.Listener'

const shortTypes: Record<string, string> = {
  [listenerType]: 'LDS',
  'type.googleapis.com/envoy.config.cluster.v3.Cluster': 'CDS',
  'type.googleapis.com/envoy.config.route.v3.RouteConfiguration': 'RDS',
  'type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment': 'EDS',
  'type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig': 'ECDS',
}

/** The PeerAuthentications of an istiod's `/debug/configz`: names and generations, nothing of their specs; throws on any other answer. */
export function heldFrom(body: string): HeldPolicy[] {
  // An istiod without a config store answers nothing at all.
  const configs: unknown = body === '' ? [] : JSON.parse(body)
  if (!Array.isArray(configs)) throw new Error('/debug/configz is no list')
  return configs
    .filter((config) => isFields(config) && config['kind'] === 'PeerAuthentication')
    .map((config) => {
      const meta = fieldsOf(fieldsOf(config)['metadata'])
      return {namespace: textOf(meta['namespace']), name: textOf(meta['name']), generation: numberOf(meta['generation'], 0)}
    })
}
