import type {KubeObject} from '../io/io.ts'
import {sortedKeys} from '../model/sorted-keys.ts'

/** True when applying left an object as it was: all but its version and the times at which its fields were last set. */
export function isSame(before: KubeObject, after: KubeObject): boolean {
  return JSON.stringify(sortedKeys(lasting(before))) === JSON.stringify(sortedKeys(lasting(after)))
}

/** A dry run answers with the version it was tried at, so versions tell nothing; who manages which field is part of the object. */
function lasting({metadata, status: _, ...object}: KubeObject): object {
  const {resourceVersion: _version, generation: _generation, managedFields = [], ...rest} = metadata
  const managers = managedFields.map((each) => ({...each, time: ''}))
  return {...object, metadata: {...rest, managedFields: managers.map((each) => JSON.stringify(sortedKeys(each))).sort()}}
}
