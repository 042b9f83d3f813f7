import {BlockList, isIP} from 'node:net'

/** The proxy that the environment asks for on the way to `target`, or null; as Go's golang.org/x/net/http/httpproxy decides, so helm and we agree. */
export function proxyFor(target: URL, env: Record<string, string>): string | null {
  const proxy = target.protocol === 'https:' ? variable(env, 'HTTPS_PROXY') : variable(env, 'HTTP_PROXY')
  if (proxy === '' || isBypassed(target, variable(env, 'NO_PROXY'))) return null
  return proxy.includes('://') ? proxy : `http://${proxy}`
}

function variable(env: Record<string, string>, name: string): string {
  return env[name] || env[name.toLowerCase()] || ''
}

function isBypassed(target: URL, noProxy: string): boolean {
  const host = target.hostname.replace(/^\[|\]$/g, '').toLowerCase()
  const port = target.port || (target.protocol === 'https:' ? '443' : '80')
  if (host === 'localhost' || isLoopback(host)) return true
  return noProxy
    .split(/[\s,]+/)
    .filter(Boolean)
    .some((entry) => entry === '*' || matches(entry.toLowerCase(), host, port))
}

function matches(entry: string, host: string, port: string): boolean {
  const [network = '', bits] = entry.split('/')
  if (bits !== undefined) return isIP(host) !== 0 && isIP(host) === isIP(network) && subnet(network, Number(bits)).check(host, family(host))
  const withPort = /^\[?(.+?)\]?:(\d+)$/.exec(entry)
  const [name, wantedPort] =
    withPort !== null && isIP(entry) === 0 ? [withPort[1] ?? '', withPort[2]] : [entry.replace(/^\[|\]$/g, ''), port]
  if (wantedPort !== port) return false
  const domain = name.replace(/^\*/, '')
  return domain.startsWith('.') ? host.endsWith(domain) : host === domain || (isIP(host) === 0 && host.endsWith(`.${domain}`))
}

function isLoopback(host: string): boolean {
  return host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))
}

function subnet(network: string, bits: number): BlockList {
  const list = new BlockList()
  if (bits >= 0 && bits <= (isIP(network) === 4 ? 32 : 128)) list.addSubnet(network, bits, family(network))
  return list
}

function family(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 6 ? 'ipv6' : 'ipv4'
}
