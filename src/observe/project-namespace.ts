import type {KubeObject} from '../io/io.ts'
import type {Namespace} from '../model/workload.ts'
import {metaFrom, placeOf} from './project-meta.ts'
import {fieldsOf, textOf} from './untrusted.ts'

/** A namespace, projected; Active unless it says otherwise (a manifest has no phase). */
export function namespaceFrom(object: KubeObject): Namespace {
  const {name, uid, labels, annotations} = metaFrom(object)
  return {name, uid, labels, annotations, phase: textOf(fieldsOf(object['status'])['phase']) || 'Active', ...placeOf(object)}
}
