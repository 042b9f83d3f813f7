import {check, finding} from '../model/check.ts'
import type {IstioObject} from '../model/policy.ts'
import {isMeshWide} from '../model/snapshot.ts'
import {setInIstiod} from './fix.ts'

/** Clients choose mutual TLS by themselves: auto mTLS is on, or a mesh-wide DestinationRule stands in for it (rule 49). */
export const autoMtlsOn = check({
  code: 'M403',
  slug: 'm403-auto-mtls-on',
  severity: 'warning',
  needs: ['mesh', 'destinationRules'],
  title: 'Clients use mutual TLS by themselves',
  failure: 'Clients do not use mutual TLS by themselves',
  why: 'With `enableAutoMtls: false` a client sends plain text wherever no DestinationRule says otherwise: STRICT servers refuse it.',
  hint: 'Remove `enableAutoMtls: false` from the mesh configuration.',
  run({mesh, destinationRules}, {asked}) {
    if (!isMeshWide(asked.scope)) return []
    return mesh
      .filter((one) => !one.enableAutoMtls && !destinationRules.some((rule) => rule.namespace === one.rootNamespace && standsIn(rule)))
      .map(({revision, namespace, file, line}) =>
        finding(
          {kind: 'ConfigMap', namespace, name: revision === 'default' ? 'istio' : `istio-${revision}`, file, line},
          '`enableAutoMtls` is false, and no DestinationRule for `*.local` with ISTIO_MUTUAL replaces it',
          {
            fix: setInIstiod({namespace, revision}, '--set meshConfig.enableAutoMtls=true'),
          },
        ),
      )
  },
})

function standsIn({spec}: IstioObject): boolean {
  const policy = spec['trafficPolicy'] as {tls?: {mode?: string}} | undefined
  return (spec['host'] === '*.local' || spec['host'] === '*') && policy?.tls?.mode === 'ISTIO_MUTUAL'
}
