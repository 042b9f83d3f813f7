import type {Counters} from '../model/delivered.ts'

/**
 * What an Envoy's `/stats/prometheus` says of inbound traffic: Istio's own metrics where its proxy serves them (rule 65: by what the destination
 * reports), Envoy's own connection counters per HTTP port where `proxyStatsMatcher` keeps them. Nothing of either: empty lists.
 */
export function countersFrom(text: string): Counters {
  const samples = text.split('\n').flatMap((line) => sampleFrom(line) ?? [])
  const named = (name: string) => samples.filter((sample) => sample.name === name)
  const sum = (found: Sample[]) => found.reduce((total, {value}) => total + value, 0)
  const refused = named('envoy_listener_no_filter_chain_match').filter(({labels}) => labels['listener_address']?.endsWith('_15006'))
  return {
    windowMs: sum(named('envoy_server_uptime')) * 1000,
    traffic: [
      ...istioTraffic(samples),
      ...envoyTraffic(named('envoy_http_downstream_cx_total'), named('envoy_http_downstream_cx_ssl_total')),
    ],
    refused: refused.length === 0 ? null : sum(refused),
  }
}

/** The statistics asked for, as Envoy's admin `filter` (a regular expression on the names before tags are taken out). */
export const countersFilter = [
  'istio_requests_total',
  'istio_tcp_connections_opened_total',
  '^http\\.inbound_.*\\.downstream_cx(_ssl)?_total$',
  '^listener\\..*_15006\\.no_filter_chain_match$',
  '^server\\.uptime$',
].join('|')

interface Sample {
  name: string
  labels: Record<string, string>
  value: number
}

function sampleFrom(line: string): Sample | null {
  const [, name, labels = '', value] = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? ([-+\d.eE]+)$/.exec(line) ?? []
  if (name === undefined || !Number.isFinite(Number(value))) return null
  const pairs = [...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, key = '', text = '']) => [key, text])
  return {name, labels: Object.fromEntries(pairs), value: Number(value)}
}

function istioTraffic(samples: Sample[]): Counters['traffic'] {
  const own = samples.filter(
    ({name, labels}) =>
      (name === 'istio_requests_total' || name === 'istio_tcp_connections_opened_total') && labels['reporter'] === 'destination',
  )
  const total = (policy: string) =>
    own.filter(({labels}) => labels['connection_security_policy'] === policy).reduce((sum, {value}) => sum + value, 0)
  return own.length === 0 ? [] : [{port: null, plain: total('none'), mutual: total('mutual_tls')}]
}

/** An inbound HTTP chain counts its connections, and those among them that came over TLS, under `inbound_ADDRESS_PORT`. */
function envoyTraffic(all: Sample[], encrypted: Sample[]): Counters['traffic'] {
  const prefixOf = ({labels}: Sample) => labels['http_conn_manager_prefix'] ?? ''
  return all.flatMap((sample) => {
    const port = Number(/^inbound_.*_(\d+)$/.exec(prefixOf(sample))?.[1] ?? Number.NaN)
    if (!Number.isInteger(port)) return []
    const mutual = encrypted.find((each) => prefixOf(each) === prefixOf(sample))?.value ?? 0
    return [{port, plain: Math.max(0, sample.value - mutual), mutual}]
  })
}
