import type {InboundChain, InboundListener, RunningProxy} from '../model/delivered.ts'
import {shortText} from './short-text.ts'
import {type Fields, fieldsOf, listOf, portOf, textOf} from './untrusted.ts'

/**
 * The inbound listeners of an Envoy `/config_dump?resource=dynamic_listeners`: the ACTIVE state alone says what is in force, a warming or
 * rejected one is listed in `stuck` (rules 59, 60). Throws when the answer is no dump.
 */
export function listenersFrom(dump: string): Pick<RunningProxy, 'listeners' | 'stuck'> {
  const configs = fieldsOf(JSON.parse(dump))['configs']
  if (configs !== undefined && !Array.isArray(configs)) throw new Error('Envoy answered with what is no config dump')
  const dynamic = listOf(configs)
  return {listeners: dynamic.flatMap((each) => activeListener(each) ?? []), stuck: dynamic.flatMap(stuckStates)}
}

function activeListener(dynamic: Fields): InboundListener | null {
  const state = fieldsOf(dynamic['active_state'])
  const listener = fieldsOf(state['listener'])
  // The tunnel's listener carries no direction (core/listener_waypoint.go:buildConnectTerminateListener).
  if (listener['traffic_direction'] !== 'INBOUND' && listener['name'] !== 'connect_terminate') return null
  const own = listener['default_filter_chain']
  // Envoy's other way to choose a chain (listener.proto: filter_chain_matcher), which Istio does not use inbound, passes the chains' own matches by.
  const isForeign = listener['filter_chain_matcher'] !== undefined
  return {
    name: textOf(listener['name']),
    port: portOf(fieldsOf(fieldsOf(listener['address'])['socket_address'])['port_value']),
    updatedAt: textOf(state['last_updated']),
    chains: isForeign
      ? [{name: 'filter_chain_matcher', port: null, any: true, accepts: 'unknown'}]
      : [
          ...listOf(listener['filter_chains']).map((chain) => chainFrom(chain, false)),
          ...(own === undefined ? [] : [chainFrom(fieldsOf(own), true)]),
        ],
  }
}

function chainFrom(chain: Fields, any: boolean): InboundChain {
  const match = fieldsOf(chain['filter_chain_match'])
  return {name: textOf(chain['name']), port: portOf(match['destination_port']), any, accepts: acceptedBy(chain, match)}
}

function acceptedBy(chain: Fields, match: Fields): InboundChain['accepts'] {
  const socket = fieldsOf(chain['transport_socket'])
  const name = textOf(socket['name'])
  // Without TLS of its own a chain hands bytes on: whatever they are, unless it takes TLS alone.
  if (chain['transport_socket'] === undefined || name === 'envoy.transport_sockets.raw_buffer')
    return match['transport_protocol'] === 'tls' ? 'tls' : 'plain-text'
  const context = fieldsOf(socket['typed_config'])
  if (!textOf(context['@type']).endsWith('.DownstreamTlsContext')) return 'unknown'
  return context['require_client_certificate'] === true && checksRoot(fieldsOf(context['common_tls_context'])) ? 'mutual-tls' : 'tls'
}

/** A certificate is demanded in vain where it is held against no root: Envoy then takes any. */
function checksRoot(context: Fields): boolean {
  const combined = fieldsOf(context['combined_validation_context'])
  const secret = fieldsOf(combined['validation_context_sds_secret_config'] ?? context['validation_context_sds_secret_config'])
  const own = fieldsOf(combined['default_validation_context'] ?? context['validation_context'])
  const isLax = own['trust_chain_verification'] === 'ACCEPT_UNTRUSTED'
  const name = textOf(secret['name'])
  // The system's roots are the public authorities: anybody has a certificate of theirs (pkg/security: FileRootSystemCACert).
  return !isLax && (name === 'ROOTCA' || (name.startsWith('file-root:') && name !== 'file-root:system'))
}

function stuckStates(dynamic: Fields): RunningProxy['stuck'] {
  const error = fieldsOf(dynamic['error_state'])
  const failed = fieldsOf(error['failed_configuration'])
  const warming = fieldsOf(fieldsOf(dynamic['warming_state'])['listener'])
  return [
    ...(dynamic['error_state'] === undefined
      ? []
      : [{state: 'error' as const, listener: textOf(failed['name'] ?? dynamic['name']), details: shortText(error['details'])}]),
    ...(dynamic['warming_state'] === undefined
      ? []
      : [{state: 'warming' as const, listener: textOf(warming['name'] ?? dynamic['name']), details: ''}]),
  ]
}
