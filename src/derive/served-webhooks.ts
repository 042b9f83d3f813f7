import type {Webhook} from '../model/mesh.ts'

/** What the webhooks of a revision without tags select (istio-discovery/templates/mutatingwebhook.yaml): of one that is still to come, or for namespaces that will be labelled for it. */
export function asIfServed(revision: string): Webhook[] {
  const [key, value] = revision === 'default' ? ['istio-injection', 'enabled'] : ['istio.io/rev', revision]
  return [
    {
      ...{configuration: '', type: 'mutating', name: 'rev.namespace.sidecar-injector.istio.io', revision, tag: ''},
      ...{failurePolicy: 'Fail', target: '', service: null, caBundle: ''},
      namespaceSelector: {matchLabels: {[key as string]: value as string}},
      objectSelector: {matchExpressions: [{key: 'sidecar.istio.io/inject', operator: 'NotIn', values: ['false']}]},
    },
  ]
}
