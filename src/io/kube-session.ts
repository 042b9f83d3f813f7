import type {Files, Runner, Shell} from './io.ts'
import {keySecrets} from './kubeconfig-secrets.ts'
import {type Chosen, type UserEntry, unusable} from './kubeconfig-text.ts'
import {execCredential} from './kube-exec.ts'

/** The credentials of one user, ready to send: headers and TLS material, good until `expires` (milliseconds since the epoch). */
export interface Session {
  headers: Record<string, string | string[]>
  certificate: string
  key: string
  expires: number
  /** The same as kubeconfig entry without programs: for helm, which must not depend on the runner's environment. */
  user: UserEntry
}

/** Reads files and runs the plugin that the user names, and masks what they hand out. Precedence as in client-go's rest.Config. */
export async function openSession({cluster, user}: Chosen, door: {files: Files; shell: Shell; runner: Runner}): Promise<Session> {
  const {files, shell, runner} = door
  const exec = user.exec ? await execCredential(user.exec, cluster, shell, runner.env) : null
  const fileToken = user.tokenFile ? (await read(user.tokenFile, 'tokenFile', files)).trim() : ''
  const token = fileToken || user.token || exec?.token || oidcToken(user)
  const certificate =
    exec?.certificate || (await material(user['client-certificate-data'], user['client-certificate'], 'client-certificate', files))
  const key = exec?.key || (await material(user['client-key-data'], user['client-key'], 'client-key', files))
  for (const secret of [token, ...keySecrets(key)]) if (secret.length >= 8) runner.mask(secret)
  return {
    headers: {...authorization(token, user), ...impersonation(user)},
    certificate,
    key,
    expires: Math.min(exec?.expires ?? Number.POSITIVE_INFINITY, fileToken === '' ? Number.POSITIVE_INFINITY : Date.now() + tokenFileMs),
    user: exec ? withoutExec(user, token, certificate, key) : user,
  }
}

/** PEM from base64 data, else from a file, else ''. */
export async function material(data: string | undefined, path: string | undefined, field: string, files: Files): Promise<string> {
  if (data) return Buffer.from(data, 'base64').toString('utf8')
  return path ? read(path, field, files) : ''
}

async function read(path: string, field: string, files: Files): Promise<string> {
  return files.readText(path).catch(() => {
    throw unusable(
      'kubeconfig',
      `names the ${field} \`${path}\`, which cannot be read.`,
      'Let the step that writes the kubeconfig write it too.',
      'kubeconfig-file',
    )
  })
}

function oidcToken(user: UserEntry): string {
  const token = user['auth-provider']?.config?.['id-token'] ?? ''
  if (token === '') return ''
  const expires = expiryOf(token)
  if (expires > Date.now()) return token
  throw unusable(
    'kubeconfig',
    `holds an OIDC token that expired at ${new Date(expires).toISOString()}.`,
    'Log in anew in an earlier step, or use an exec plugin such as `kubectl oidc-login`, which renews it.',
    'kubeconfig-auth-provider',
  )
}

function expiryOf(jwt: string): number {
  try {
    const {exp} = JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString('utf8')) as {exp?: number}
    return (exp ?? Number.POSITIVE_INFINITY) * 1000
  } catch {
    return Number.POSITIVE_INFINITY
  }
}

function authorization(token: string, {username, password}: UserEntry): Record<string, string> {
  if (token !== '') return {authorization: `Bearer ${token}`}
  return username ? {authorization: `Basic ${Buffer.from(`${username}:${password ?? ''}`).toString('base64')}`} : {}
}

function impersonation(user: UserEntry): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = {}
  if (user.as) headers['impersonate-user'] = user.as
  if (user['as-uid']) headers['impersonate-uid'] = user['as-uid']
  if (user['as-groups']?.length) headers['impersonate-group'] = user['as-groups']
  for (const [key, values] of Object.entries(user['as-user-extra'] ?? {})) headers[`impersonate-extra-${encodeURIComponent(key)}`] = values
  return headers
}

function withoutExec(user: UserEntry, token: string, certificate: string, key: string): UserEntry {
  const {exec, ...rest} = user
  const base64 = (pem: string) => Buffer.from(pem).toString('base64')
  return {
    ...rest,
    ...(token === '' ? {} : {token}),
    ...(certificate === '' ? {} : {'client-certificate-data': base64(certificate), 'client-key-data': base64(key)}),
  }
}

/** client-go re-reads a token file each minute: the kubelet rotates it. */
const tokenFileMs = 60_000
