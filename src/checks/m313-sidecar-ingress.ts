import {ingressListeners} from '../derive/sidecar-scope.ts'
import {check, finding} from '../model/check.ts'
import {scopeOf} from '../derive/scope-of.ts'
import {istioRef} from './subject.ts'

/** No Sidecar brings a tls block of its own on an ingress listener: it is ordinary server TLS, never mesh identity (rule 17). */
export const sidecarIngress = check({
  code: 'M313',
  slug: 'm313-sidecar-ingress',
  severity: 'error',
  needs: ['mesh', 'sidecars'],
  uses: ['controlPlane'],
  title: 'Sidecar listeners keep to mutual TLS',
  failure: 'A Sidecar listener has a TLS of its own',
  why: 'The `tls` block of `Sidecar.ingress` works only where mutual TLS is DISABLEd, and then any caller is let in by an ordinary certificate.',
  hint: 'Remove `tls` from the ingress listener and let the PeerAuthentication decide.',
  run({mesh, sidecars}, {asked}, {controlPlane}) {
    const inScope = scopeOf(asked, mesh)
    const isOn = controlPlane.read && controlPlane.value.istiods.some(({env}) => env['ENABLE_TLS_ON_SIDECAR_INGRESS'] === 'true')
    return sidecars
      .filter(({namespace}) => inScope(namespace))
      .flatMap((sidecar) => {
        const ports = ingressListeners(sidecar).filter(({hasTls}) => hasTls)
        if (ports.length === 0) return []
        const what = `ingress port ${ports.map(({port}) => port).join(', ')} has a \`tls\` block of its own`
        const effect = isOn
          ? 'ENABLE_TLS_ON_SIDECAR_INGRESS is on, so it replaces mutual TLS where that is DISABLEd'
          : 'istiod ignores it unless ENABLE_TLS_ON_SIDECAR_INGRESS is on'
        return [
          finding(istioRef(sidecar), `${what}: ${effect}`, {
            severity: isOn ? 'error' : 'warning',
            fix: `kubectl -n ${sidecar.namespace} edit sidecars.networking.istio.io ${sidecar.name}  # remove spec.ingress[].tls`,
          }),
        ]
      })
  },
})
