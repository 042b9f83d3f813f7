import type {KubeObject} from '../io/io.ts'
import type {LabelSelector, Webhook} from '../model/mesh.ts'
import {metaFrom, placeOf} from './project-meta.ts'
import {type Fields, fieldsOf, isFields, listOf, numberOf, textMapOf, textOf, textsOf} from './untrusted.ts'

/** Istio's webhooks of one Mutating- or ValidatingWebhookConfiguration; those of others are left out. */
export function webhooksFrom(object: KubeObject, kind: string = object.kind): Webhook[] {
  const {name: configuration, labels} = metaFrom(object)
  const revision = labels['istio.io/rev'] ?? ''
  return listOf(object['webhooks'])
    .filter((webhook) => revision !== '' || textOf(webhook['name']).endsWith('istio.io'))
    .map((webhook) => {
      const client = fieldsOf(webhook['clientConfig'])
      return {
        configuration,
        type: kind === 'ValidatingWebhookConfiguration' ? 'validating' : 'mutating',
        name: textOf(webhook['name']),
        revision,
        tag: labels['istio.io/tag'] ?? '',
        namespaceSelector: labelSelectorFrom(webhook['namespaceSelector']),
        objectSelector: labelSelectorFrom(webhook['objectSelector']),
        failurePolicy: textOf(webhook['failurePolicy']) || 'Fail',
        target: targetOf(client),
        service: serviceOf(client),
        caBundle: textOf(client['caBundle']),
        ...placeOf(object),
      }
    })
}

/** A label selector as written; what is no selector selects everything, as an empty one does. */
export function labelSelectorFrom(value: unknown): LabelSelector {
  const selector = fieldsOf(value)
  return {
    ...(isFields(selector['matchLabels']) && {matchLabels: textMapOf(selector['matchLabels'])}),
    ...(Array.isArray(selector['matchExpressions']) && {matchExpressions: listOf(selector['matchExpressions']).map(expressionFrom)}),
  }
}

function expressionFrom(expression: Fields) {
  const {key, operator, values} = expression
  return {key: textOf(key), operator: textOf(operator), ...(Array.isArray(values) && {values: textsOf(values)})}
}

function serviceOf(client: Fields): Webhook['service'] {
  if (!isFields(client['service'])) return null
  return {namespace: textOf(client['service']['namespace']), name: textOf(client['service']['name'])}
}

function targetOf(client: Fields): string {
  const service = serviceOf(client)
  if (service === null) return textOf(client['url'])
  const {port, path} = fieldsOf(client['service'])
  return `${service.namespace}/${service.name}:${numberOf(port, 443)}/${textOf(path).replace(/^\/+/, '')}`
}
