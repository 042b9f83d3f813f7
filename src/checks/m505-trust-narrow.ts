import {check, finding} from '../model/check.ts'

/** The mesh trusts its own trust domain and authority alone (rule 20). */
export const trustNarrow = check({
  code: 'M505',
  slug: 'm505-trust-narrow',
  severity: 'warning',
  needs: ['mesh', 'controlPlane'],
  title: 'The mesh trusts itself alone',
  failure: 'The mesh trusts others',
  why: 'Mutual TLS proves who calls only as far as the authorities behind it: each further one can issue any identity.',
  hint: 'Remove the foreign trust domain or certificate authority once the migration that needed it is over.',
  run({mesh, controlPlane}) {
    return mesh.flatMap(({revision, namespace, trustDomainAliases, caCertificates, file, line}) => {
      const unchecked = controlPlane.istiods.some(
        (istiod) => istiod.revision === revision && istiod.env['PILOT_SKIP_VALIDATE_TRUST_DOMAIN'] === 'true',
      )
      const trusts = [
        ...(trustDomainAliases.length > 0
          ? [`identities of ${trustDomainAliases.map((alias) => `\`${alias}\``).join(', ')} count as its own`]
          : []),
        ...(caCertificates > 0 ? [`${caCertificates} further certificate authorities are accepted`] : []),
        ...(unchecked ? ['PILOT_SKIP_VALIDATE_TRUST_DOMAIN lets in identities of any trust domain'] : []),
      ]
      if (trusts.length === 0) return []
      const name = revision === 'default' ? 'istio' : `istio-${revision}`
      return [
        finding({kind: 'ConfigMap', namespace, name, file, line}, trusts.join('; '), {
          fix: `kubectl -n ${namespace} get configmap ${name} -o jsonpath='{.data.mesh}'\nhelm -n ${namespace} get values ${revision === 'default' ? 'istiod' : `istiod-${revision}`}`,
        }),
      ]
    })
  },
})
