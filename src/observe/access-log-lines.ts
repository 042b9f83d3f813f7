/** One inbound call without mutual TLS, as a line of a proxy's access log shows it; `at` RFC 3339. */
export interface PlainLine {
  at: string
  /** The server's own port. */
  port: number
  /** The caller's address, without its port. */
  address: string
  refused: boolean
  protocol: 'http' | 'tcp'
}

/**
 * Reads Envoy's access log as Istio writes it, text or JSON (pkg/config/mesh, EnvoyTextLogFormat and EnvoyJSONLogFormatIstio): inbound calls whose
 * requested server name is `-`, for Istio's own clients always send one, and plain calls that no filter chain matched. `strange` counts lines of
 * other shape that are no message of the agent. Our own probes and loopback are left out.
 */
export function plainLines(log: string): {lines: PlainLine[]; strange: number} {
  const lines: PlainLine[] = []
  let strange = 0
  for (const text of log.split('\n')) {
    const fields = text.startsWith('[') ? fieldsOfText(text) : text.startsWith('{') ? fieldsOfJson(text) : null
    if (fields === null) {
      if (text.startsWith('[')) strange++
      continue
    }
    const line = plainLineOf(fields)
    if (line !== null) lines.push(line)
  }
  return {lines, strange}
}

interface Fields {
  at: string
  request: string
  flags: string
  details: string
  upstreamCluster: string
  local: string
  remote: string
  serverName: string
}

/** The tail is fixed: upstream host, upstream cluster, upstream local, downstream local, downstream remote, server name, route. */
function fieldsOfText(text: string): Fields | null {
  const found = /^\[([^\]]+)\] "([^"]*)" (\S+) (\S+) (\S+) .* "[^"]*" (\S+) (\S+) (\S+) (\S+) (\S+) (\S+)$/.exec(text)
  if (found === null) return null
  const [, at = '', request = '', , flags = '', details = '', upstreamCluster = '', , local = '', remote = '', serverName = ''] = found
  return {at, request, flags, details, upstreamCluster, local, remote, serverName}
}

function fieldsOfJson(text: string): Fields | null {
  try {
    const json = JSON.parse(text) as Record<string, unknown>
    const field = (name: string) => (typeof json[name] === 'string' ? json[name] : '-')
    if (json['start_time'] === undefined || json['downstream_local_address'] === undefined) return null
    return {
      at: field('start_time'),
      request: field('path'),
      flags: field('response_flags'),
      details: field('response_code_details'),
      upstreamCluster: field('upstream_cluster'),
      local: field('downstream_local_address'),
      remote: field('downstream_remote_address'),
      serverName: field('requested_server_name'),
    }
  } catch {
    return null
  }
}

function plainLineOf({at, request, flags, details, upstreamCluster, local, remote, serverName}: Fields): PlainLine | null {
  const refused = flags.split(',').includes('NR') && details === 'filter_chain_not_found'
  const inbound =
    upstreamCluster.startsWith('inbound|') ||
    upstreamCluster === 'InboundPassthroughCluster' ||
    upstreamCluster.startsWith('InboundPassthroughClusterIpv')
  if (!(refused || inbound) || serverName !== '-' || request.includes('/.well-known/istio-mtls-probe')) return null
  const [port, address, moment] = [portOf(local), addressOf(remote), Date.parse(at)]
  if (port === null || address === '' || isLoopback(address) || Number.isNaN(moment)) return null
  const protocol = request === '' || request.startsWith('-') ? 'tcp' : 'http'
  return {at: new Date(moment).toISOString(), port, address, refused, protocol}
}

function portOf(address: string): number | null {
  const port = Number(/:(\d{1,5})$/.exec(address)?.[1])
  return Number.isInteger(port) ? port : null
}

function addressOf(address: string): string {
  return /^\[?([0-9A-Fa-f.:]+?)\]?:\d{1,5}$/.exec(address)?.[1] ?? ''
}

function isLoopback(address: string): boolean {
  return address.startsWith('127.') || address === '::1'
}
