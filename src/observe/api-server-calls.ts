import type {KubeObject} from '../io/io.ts'
import {type Part, read} from '../model/part.ts'
import type {ApiServerCall} from '../model/traffic.ts'
import type {Reader} from './reads.ts'
import {type Fields, fieldsOf, isFields, listOf, numberOf, textOf} from './untrusted.ts'

/** Every Service that the API server itself calls: webhooks of both types, anybody's, and aggregated APIs. */
export async function readApiServerCalls(reader: Reader): Promise<Part<ApiServerCall[]>> {
  const group = 'admissionregistration.k8s.io'
  const parts = await Promise.all([
    reader.list({resource: 'mutatingwebhookconfigurations', group, versions: ['v1']}, webhooksOf('MutatingWebhookConfiguration')),
    reader.list({resource: 'validatingwebhookconfigurations', group, versions: ['v1']}, webhooksOf('ValidatingWebhookConfiguration')),
    reader.list({resource: 'apiservices', group: 'apiregistration.k8s.io', versions: ['v1']}, aggregated),
  ])
  return parts.find((part) => !part.read) ?? read(parts.flatMap((part) => (part.read ? part.value.flat() : [])))
}

/** The same of one object, for manifests; nothing for objects that the API server calls nobody for. */
export function apiServerCallsFrom(object: KubeObject): ApiServerCall[] {
  if (object.kind === 'APIService') return aggregated(object)
  return object.kind === 'MutatingWebhookConfiguration' || object.kind === 'ValidatingWebhookConfiguration'
    ? webhooksOf(object.kind)(object)
    : []
}

function webhooksOf(kind: string): (object: KubeObject) => ApiServerCall[] {
  return (object) =>
    listOf(object['webhooks']).flatMap((webhook) =>
      callFrom(kind, textOf(fieldsOf(object.metadata)['name']), fieldsOf(webhook['clientConfig'])['service']),
    )
}

function aggregated(object: KubeObject): ApiServerCall[] {
  return callFrom('APIService', textOf(fieldsOf(object.metadata)['name']), fieldsOf(object['spec'])['service'])
}

/** Without a Service it is a URL, or the API server's own. */
function callFrom(kind: string, name: string, service: Fields[string]): ApiServerCall[] {
  if (!isFields(service)) return []
  return [
    {kind, name, service: {namespace: textOf(service['namespace']), name: textOf(service['name'])}, port: numberOf(service['port'], 443)},
  ]
}
