import {check, finding} from '../model/check.ts'
import {scopeOf} from '../derive/scope-of.ts'
import {istioRef} from './subject.ts'

/** Keys of tokens come over https or stand in the policy: what istiod fetches in plain text anyone on the way can replace. */
export const keysReachable = check({
  code: 'M604',
  slug: 'm604-keys-reachable',
  severity: 'warning',
  needs: ['mesh', 'requestAuthentications'],
  title: 'Keys of tokens come over https',
  failure: 'Keys of tokens come in plain text',
  why: 'istiod fetches the keys itself, outside the mesh: over http whoever sits on the way can hand it keys of their own.',
  hint: 'Give `jwksUri` an https address.',
  run({mesh, requestAuthentications}, {asked}) {
    const inScope = scopeOf(asked, mesh)
    return requestAuthentications
      .filter(({namespace}) => inScope(namespace))
      .flatMap((authentication) => {
        const rules = (authentication.spec['jwtRules'] ?? []) as {issuer?: string; jwksUri?: string; jwks_uri?: string; jwks?: string}[]
        const plain = rules.map((rule) => rule.jwksUri ?? rule.jwks_uri ?? '').filter((uri) => uri !== '' && !uri.startsWith('https://'))
        if (plain.length === 0) return []
        return [
          finding(istioRef(authentication), `fetches its keys from ${plain.map((uri) => `\`${uri}\``).join(', ')}`, {
            fix: `kubectl -n ${authentication.namespace} edit requestauthentication ${authentication.name}  # jwksUri: https://…`,
          }),
        ]
      })
  },
})
