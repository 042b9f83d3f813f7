import type {KubeObject} from '../io/io.ts'
import type {MtlsMode, PeerAuthentication} from '../model/policy.ts'
import {metaFrom} from './project-meta.ts'
import {fieldsOf, isFields, textMapOf} from './untrusted.ts'

/** A PeerAuthentication, projected (rules 6 to 8): `selector` null when absent, {} when it holds no matchLabels. */
export function peerAuthenticationFrom(object: KubeObject): PeerAuthentication {
  const spec = fieldsOf(object['spec'])
  const selector = spec['selector']
  return {
    ...metaFrom(object),
    selector: isFields(selector) ? textMapOf(selector['matchLabels']) : null,
    mode: modeOf(spec['mtls']),
    ports: Object.fromEntries(Object.entries(fieldsOf(spec['portLevelMtls'])).map(([port, mtls]) => [port, modeOf(mtls)])),
  }
}

/** Anything that is no mode is UNSET: the CRD's schema refuses it, so it can never be in force. */
function modeOf(mtls: unknown): MtlsMode {
  const mode = fieldsOf(mtls)['mode']
  return mode === 'DISABLE' || mode === 'PERMISSIVE' || mode === 'STRICT' ? mode : 'UNSET'
}
