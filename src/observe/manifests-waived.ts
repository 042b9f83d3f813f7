import type {KubeObject} from '../io/io.ts'
import type {PeerAuthentication} from '../model/policy.ts'
import {manifestFrom} from './manifests-parse.ts'
import {metaFrom} from './project-meta.ts'
import {peerAuthenticationFrom} from './project-policy.ts'
import {fieldsOf, textMapOf} from './untrusted.ts'

/**
 * What `annotation` says in a manifest, on objects and on their pod templates: each line as `Kind namespace/name`, a line break, the line; of a
 * PeerAuthentication also what it decides.
 */
export function waivedInManifest(text: string, file: string, annotation: string): Set<string> {
  return new Set(manifestFrom(text, file).objects.flatMap((object) => linesOf(object, annotation)))
}

function linesOf(object: KubeObject, annotation: string): string[] {
  const {namespace, name} = metaFrom(object)
  const where = object.kind === 'Namespace' ? '' : namespace
  const decides = object.kind === 'PeerAuthentication' ? decidesText(peerAuthenticationFrom(object)) : ''
  const spec = fieldsOf(object['spec'])
  const job = fieldsOf(fieldsOf(fieldsOf(spec['jobTemplate'])['spec'])['template'])
  const carriers = [object.metadata, fieldsOf(fieldsOf(spec['template'])['metadata']), fieldsOf(job['metadata'])]
  return carriers
    .flatMap((metadata) => (textMapOf(fieldsOf(metadata)['annotations'])[annotation] ?? '').split('\n'))
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .map((line) => `${object.kind} ${where}/${name}\n${line}${decides}`)
}

/** What a policy decides, as one text: a waiver of what it decides is none of what it decides after a change. */
export function decidesText({selector, mode, ports}: Pick<PeerAuthentication, 'selector' | 'mode' | 'ports'>): string {
  const sorted = (map: Record<string, string>) => Object.entries(map).sort(([a], [b]) => (a < b ? -1 : 1))
  return `\n${JSON.stringify([selector && sorted(selector), mode, sorted(ports)])}`
}
