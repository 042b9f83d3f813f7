import {nearest} from '../derive/nearest.ts'
import {policyKinds} from '../derive/policy-kinds.ts'
import type {Io, KubeObject} from '../io/io.ts'
import {Failure} from '../model/failure.ts'
import {filesOf, type NamingInput} from './manifests-files.ts'
import {type ManifestWarning, manifestFrom} from './manifests-parse.ts'

/** What the input `policies` holds: objects with file and line, and what is odd about them but left to the API server to decide. */
export interface PolicyFiles {
  policies: KubeObject[]
  warnings: ManifestWarning[]
}

/**
 * Reads the user's policies; throws a `Failure` with all mistakes, each with file and line: another kind than `policyKinds` has, no
 * namespace, no plain name, an object written twice. Each mistake is annotated, too.
 */
export async function readPolicies(paths: string[], io: Pick<Io, 'files' | 'log'>): Promise<PolicyFiles> {
  const read: PolicyFiles = {policies: [], warnings: []}
  const mistakes: ManifestWarning[] = []
  const seen = new Map<string, KubeObject>()
  for (const file of await filesOf(paths, io, policiesInput)) {
    const {objects, warnings} = manifestFrom(await io.files.readText(file), file, {namespace: ''})
    mistakes.push(...warnings.filter(({leftOut}) => leftOut).map((each) => ({...each, message: each.message.replace(/: left out$/, '')})))
    read.warnings.push(...warnings.filter(({leftOut}) => !leftOut))
    for (const object of objects) {
      const key = `${object.kind} ${object.metadata.namespace}/${object.metadata.name}`
      const message = mistakeOf(object, seen.get(key))
      if (message === null) read.policies.push(object)
      else mistakes.push({message, file, line: object.line})
      seen.set(key, object)
    }
  }
  refuseMistakes(mistakes, io)
  return read
}

function mistakeOf({apiVersion, kind, metadata, ...object}: KubeObject, former: KubeObject | undefined): string | null {
  const known = policyKinds[kind]
  const what = `${kind} \`${metadata.name}\``
  if (known === undefined) {
    const kinds = Object.keys(policyKinds)
    const meant = nearest(kind, kinds)
    return `\`${kind}\` is none of the kinds that \`policies\` takes (${kinds.join(', ')})${meant === null ? '' : `; did you mean \`${meant}\`?`}`
  }
  if (!apiVersion.startsWith(`${known.group}/`)) return `${what} has \`apiVersion: ${apiVersion}\`: it must be of \`${known.group}\``
  if ('generateName' in metadata)
    return `${what} has \`generateName\`: a policy needs a plain \`metadata.name\`, or each run would make another`
  if (metadata.namespace === '') return `${what} names no namespace: write \`metadata.namespace\``
  if (former !== undefined)
    return `${what} in \`${metadata.namespace}\` is written a second time (first in ${former.file}, line ${former.line})`
  return 'spec' in object || kind === 'Telemetry' || kind === 'AuthorizationPolicy' || kind === 'PeerAuthentication'
    ? null
    : `${what} has no \`spec\``
}

function refuseMistakes(mistakes: ManifestWarning[], io: Pick<Io, 'log'>): void {
  if (mistakes.length === 0) return
  for (const {message, file, line} of mistakes) io.log.annotate('error', message, {title: 'istio-mtls: policies', file, line})
  const listed = mistakes.map(({message, file, line}) => `\`${file}\`, line ${line ?? 1}: ${message}`)
  throw new Failure(
    listed.length === 1
      ? `\`policies\`: ${listed[0]}`
      : `\`policies\` has ${listed.length} mistakes:\n${listed.map((each) => `- ${each}`).join('\n')}`,
    {cure: 'Correct the files, or point `policies` at those that hold such policies alone. Nothing was changed.', entry: 'policies-file'},
  )
}

const policiesInput: NamingInput = {
  name: 'policies',
  entry: 'policies-file',
  cure: 'Correct the path (a file, a folder with .yaml, .yml or .json files, or a glob, from the root of the checkout), and check that an earlier step checked it out. Nothing was changed.',
}
