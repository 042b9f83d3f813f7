import {check, finding} from '../model/check.ts'
import {isMeshWide} from '../model/snapshot.ts'
import {scopeOf} from '../derive/scope-of.ts'
import {istioRef} from './subject.ts'

interface Server {
  port?: {number?: number; protocol?: string; name?: string}
  hosts?: string[]
  tls?: {mode?: string; httpsRedirect?: boolean}
}

/** Every server of a Gateway is encrypted or only redirects to one that is; a gateway's own tls block decides (rule 25). */
export const gatewaysEncrypted = check({
  code: 'M312',
  slug: 'm312-gateways-encrypted',
  severity: 'warning',
  needs: ['mesh', 'gateways'],
  title: 'Gateways encrypt what they serve',
  failure: 'A gateway serves plain text',
  why: 'PeerAuthentication does not reach gateways: a server without TLS takes plain text from outside, passwords and tokens included.',
  hint: 'Give the server a `tls` block, or let it only redirect (`tls.httpsRedirect: true`).',
  run({mesh, gateways}, {asked}) {
    const inScope = scopeOf(asked, mesh)
    return gateways
      .filter(({namespace}) => isMeshWide(asked.scope) || inScope(namespace))
      .flatMap((gateway) => {
        const open = ((gateway.spec['servers'] ?? []) as Server[]).filter(isPlain)
        if (open.length === 0) return []
        const ports = open.map(({port}) => `${port?.number ?? '?'} (${port?.protocol ?? 'unknown protocol'})`).join(', ')
        const fix = `kubectl -n ${gateway.namespace} edit gateways.networking.istio.io ${gateway.name}\n# under the server of port ${open[0]?.port?.number ?? ''}:\n#   tls:\n#     httpsRedirect: true`
        return [finding(istioRef(gateway), `serves port ${ports} without TLS`, {fix})]
      })
  },
})

/** HTTPS and TLS servers cannot be without a tls block: istiod rejects them. */
function isPlain({port, tls}: Server): boolean {
  const protocol = (port?.protocol ?? '').toUpperCase()
  if (protocol === 'HTTPS' || protocol === 'TLS') return false
  return tls === undefined || (tls.httpsRedirect !== true && /^(HTTP|HTTP2|GRPC|GRPC-WEB)$/.test(protocol) && tls.mode === undefined)
}
