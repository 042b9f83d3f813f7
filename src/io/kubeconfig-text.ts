import {parse, stringify} from 'yaml'
import {Failure, messageOf} from '../model/failure.ts'

/** A kubeconfig as written (k8s.io/client-go tools/clientcmd/api/v1 Config), with its three lists present. */
export interface Kubeconfig {
  'current-context': string
  clusters: {name: string; cluster: ClusterEntry}[]
  users: {name: string; user: UserEntry}[]
  contexts: {name: string; context: {cluster: string; user?: string; namespace?: string}}[]
}

/** How the API server is reached and known. */
export interface ClusterEntry {
  server: string
  'certificate-authority'?: string
  'certificate-authority-data'?: string
  'insecure-skip-tls-verify'?: boolean
  'tls-server-name'?: string
  'proxy-url'?: string
  extensions?: {name: string; extension: unknown}[]
}

/** Who the caller is: one of several kinds of credential. */
export interface UserEntry {
  token?: string
  tokenFile?: string
  username?: string
  password?: string
  'client-certificate'?: string
  'client-certificate-data'?: string
  'client-key'?: string
  'client-key-data'?: string
  exec?: ExecEntry
  'auth-provider'?: {name: string; config?: Record<string, string>}
  as?: string
  'as-uid'?: string
  'as-groups'?: string[]
  'as-user-extra'?: Record<string, string[]>
}

/** A credential plugin (client.authentication.k8s.io). */
export interface ExecEntry {
  apiVersion?: string
  command: string
  args?: string[] | null
  env?: {name: string; value: string}[] | null
  installHint?: string
  provideClusterInfo?: boolean
}

/** One context with what it names: all that a connection needs. */
export interface Chosen {
  context: string
  cluster: ClusterEntry
  user: UserEntry
  namespace: string
}

/** Reads a kubeconfig's text; throws a `Failure` naming `input` when it is not one. */
export function kubeconfigFrom(text: string, input: string): Kubeconfig {
  const written = parsed(text, input)
  const {clusters, users, contexts} = written
  if (written['kind'] !== undefined && written['kind'] !== 'Config') throw notOne(input, `its kind is \`${written['kind']}\``)
  if (!isNamedList(clusters) || !isNamedList(contexts)) throw notOne(input, 'it lists no clusters or no contexts')
  return {
    'current-context': typeof written['current-context'] === 'string' ? written['current-context'] : '',
    clusters: clusters as Kubeconfig['clusters'],
    users: isNamedList(users) ? (users as Kubeconfig['users']) : [],
    contexts: contexts as Kubeconfig['contexts'],
  }
}

/** Several kubeconfigs as one: the first to name something wins (client-go's ClientConfigLoadingRules.Load). */
export function merged(configs: Kubeconfig[]): Kubeconfig {
  const firsts = <T extends {name: string}>(items: T[]) =>
    items.filter(({name}, at) => items.findIndex((item) => item.name === name) === at)
  return {
    'current-context': configs.map((config) => config['current-context']).find(Boolean) ?? '',
    clusters: firsts(configs.flatMap(({clusters}) => clusters)),
    users: firsts(configs.flatMap(({users}) => users)),
    contexts: firsts(configs.flatMap(({contexts}) => contexts)),
  }
}

/** The context asked for, else the current one; throws a `Failure` that lists those there are. */
export function chosenFrom(config: Kubeconfig, context: string, input: string): Chosen {
  const name = context || config['current-context']
  const names = config.contexts.map((each) => `\`${each.name}\``).join(', ') || 'none'
  if (name === '') throw unusable(input, `names no current context; it has ${names}.`, 'Set `context` to one of them.')
  const found = config.contexts.find((each) => each.name === name)?.context
  if (!found) throw unusable(input, `has no context \`${name}\`; it has ${names}.`, 'Set `context` to one of them, or leave it out.')
  const cluster = config.clusters.find((each) => each.name === found.cluster)?.cluster
  if (!cluster?.server) {
    throw unusable(input, `has no server for cluster \`${found.cluster}\` of context \`${name}\`.`, flattenCure)
  }
  const user = found.user ? config.users.find((each) => each.name === found.user) : {user: {}}
  if (!user) throw unusable(input, `has no user \`${found.user}\`, which context \`${name}\` names.`, flattenCure)
  return {context: name, cluster, user: user.user ?? {}, namespace: found.namespace ?? ''}
}

/** A kubeconfig that holds nothing but what was chosen. */
export function textOf({context, cluster, user, namespace}: Chosen): string {
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': context,
    clusters: [{name: context, cluster}],
    users: [{name: context, user}],
    contexts: [{name: context, context: {cluster: context, user: context, ...(namespace === '' ? {} : {namespace})}}],
  })
}

/** A `Failure` about the kubeconfig that `input` brought. */
export function unusable(input: string, found: string, cure: string, entry = 'kubeconfig-unusable'): Failure {
  return new Failure(`The kubeconfig of \`${input}\` ${found}`, {cure, entry})
}

/** What to do about a kubeconfig that leans on something outside it. */
export const flattenCure = 'Pass the output of `kubectl config view --raw --flatten --minify`.'

function parsed(text: string, input: string): Record<string, unknown> {
  if (text.trim() === '')
    throw unusable(
      input,
      'is empty.',
      'Check that the secret exists in this repository or environment: GitHub replaces an unknown secret by nothing, and gives none to pull requests from forks.',
    )
  try {
    const value: unknown = parse(text, {logLevel: 'silent'})
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>
  } catch (thrown) {
    // Only the first line: the rest quotes the source, which holds credentials.
    throw notOne(input, messageOf(thrown).split(/ at line|\n/)[0] ?? '')
  }
  throw notOne(input, 'it is one plain word')
}

function notOne(input: string, found: string): Failure {
  return unusable(input, `is not a kubeconfig: ${found}.`, `Pass a kubeconfig as text, as base64 or as a path. ${flattenCure}`)
}

function isNamedList(value: unknown): boolean {
  return Array.isArray(value) && value.every((item) => typeof item?.name === 'string')
}
