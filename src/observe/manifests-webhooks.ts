import type {LabelSelector, Webhook} from '../model/mesh.ts'

/** The injection webhooks that Istio's chart makes for a revision (istio-discovery/templates/mutatingwebhook.yaml; rule 28): what manifests without any are judged by. */
export function defaultWebhooks(revision: string, namespace: string): Webhook[] {
  const isDefault = revision === 'default'
  const rows: [string, LabelSelector, LabelSelector][] = [
    ['rev.namespace', selector(is('istio.io/rev', revision), absent('istio-injection')), selector(isNot(inject, 'false'))],
    [
      'rev.object',
      selector(absent('istio.io/rev'), absent('istio-injection')),
      selector(isNot(inject, 'false'), is('istio.io/rev', revision)),
    ],
  ]
  if (isDefault) {
    rows.push(
      ['namespace', selector(is('istio-injection', 'enabled')), selector(isNot(inject, 'false'))],
      ['object', selector(absent('istio-injection'), absent('istio.io/rev')), selector(is(inject, 'true'), absent('istio.io/rev'))],
    )
  }
  const suffix = isDefault ? '' : `-${revision}`
  return rows.map(([prefix, namespaceSelector, objectSelector]) => ({
    configuration: `istio-sidecar-injector${suffix}${namespace === 'istio-system' ? '' : `-${namespace}`}`,
    type: 'mutating',
    name: `${prefix}.sidecar-injector.istio.io`,
    revision,
    tag: '',
    namespaceSelector,
    objectSelector,
    failurePolicy: 'Fail',
    target: `${namespace}/istiod${suffix}:443/inject`,
    service: {namespace, name: `istiod${suffix}`},
    caBundle: '',
  }))
}

type Expression = NonNullable<LabelSelector['matchExpressions']>[number]

const inject = 'sidecar.istio.io/inject'

function selector(...matchExpressions: Expression[]): LabelSelector {
  return {matchExpressions}
}

function is(key: string, value: string): Expression {
  return {key, operator: 'In', values: [value]}
}

function isNot(key: string, value: string): Expression {
  return {key, operator: 'NotIn', values: [value]}
}

function absent(key: string): Expression {
  return {key, operator: 'DoesNotExist'}
}
