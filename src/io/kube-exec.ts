import {Failure} from '../model/failure.ts'
import type {Shell} from './io.ts'
import type {ClusterEntry, ExecEntry} from './kubeconfig-text.ts'

/** What a credential plugin handed out; `expires` in milliseconds since the epoch. */
export interface ExecCredential {
  token: string
  certificate: string
  key: string
  expires: number
}

/**
 * Runs a kubeconfig's credential plugin (client.authentication.k8s.io, never interactive) with the runner's environment, without this
 * action's inputs, for at most a minute; throws a `Failure` that shows what the program said.
 */
export async function execCredential(
  exec: ExecEntry,
  cluster: ClusterEntry,
  shell: Shell,
  env: Record<string, string>,
): Promise<ExecCredential> {
  const own = Object.fromEntries((exec.env ?? []).map(({name, value}) => [name, value]))
  const outer = Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('INPUT_')))
  const variables = {...outer, ...own, KUBERNETES_EXEC_INFO: JSON.stringify(execInfo(exec, cluster))}
  const ran = await shell.run(exec.command, exec.args ?? [], {env: variables, timeoutMs}).catch((thrown: NodeJS.ErrnoException) => {
    throw failed(exec, thrown.code === 'ENOENT' ? 'it is not installed' : thrown.message)
  })
  if (ran.timedOut) throw failed(exec, `it did not end within ${timeoutMs / 1000} s`)
  if (ran.code !== 0) throw failed(exec, `exit code ${ran.code}: ${ran.stderr.trim().split('\n').slice(-3).join(' ').slice(0, 500)}`)
  const {token = '', clientCertificateData = '', clientKeyData = '', expirationTimestamp = ''} = statusFrom(ran.stdout, exec)
  if (token === '' && clientCertificateData === '') throw failed(exec, 'it handed out neither a token nor a certificate')
  return {
    token,
    certificate: clientCertificateData,
    key: clientKeyData,
    expires: Date.parse(expirationTimestamp) || Number.POSITIVE_INFINITY,
  }
}

interface Status {
  token?: string
  clientCertificateData?: string
  clientKeyData?: string
  expirationTimestamp?: string
}

function statusFrom(stdout: string, exec: ExecEntry): Status {
  try {
    return (JSON.parse(stdout) as {status?: Status}).status ?? {}
  } catch {
    // Not quoted: what it printed may hold the credential.
    throw failed(exec, 'it printed no ExecCredential')
  }
}

function execInfo(exec: ExecEntry, cluster: ClusterEntry): object {
  const {extensions, ...known} = cluster
  const config = extensions?.find(({name}) => name === 'client.authentication.k8s.io/exec')?.extension
  return {
    apiVersion: exec.apiVersion ?? 'client.authentication.k8s.io/v1',
    kind: 'ExecCredential',
    spec: {interactive: false, ...(exec.provideClusterInfo ? {cluster: {...known, ...(config === undefined ? {} : {config})}} : {})},
  }
}

function failed(exec: ExecEntry, found: string): Failure {
  return new Failure(`The kubeconfig's credential program \`${exec.command}\` failed: ${found}.`, {
    cure: exec.installHint || 'Install it and log in to the cloud in an earlier step, or use a kubeconfig with a service account token.',
    entry: 'kubeconfig-exec',
  })
}

const timeoutMs = 60_000
