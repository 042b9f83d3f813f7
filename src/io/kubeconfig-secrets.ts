import type {Kubeconfig, UserEntry} from './kubeconfig-text.ts'

/** Every credential of a kubeconfig, chosen or not, as the log could show it: raw, and decoded where it is base64. */
export function secretsOf({users, clusters}: Kubeconfig): string[] {
  const secrets = [
    ...users.flatMap(({user}) => (user ? secretsOfUser(user) : [])),
    ...clusters.map(({cluster}) => passwordOf(cluster?.['proxy-url'] ?? '')),
  ]
  return [...new Set(secrets.filter(isWorthMasking))]
}

/** A private key as it could be printed: base64 in one piece, and each line of its PEM text (the runner masks line by line). */
export function keySecrets(data: string): string[] {
  const pem = data.includes('-----BEGIN') ? data : Buffer.from(data, 'base64').toString('utf8')
  return [...(pem === data ? [] : [data]), ...pem.split(/\r?\n/).filter((line) => !line.startsWith('-----'))]
}

/** Shorter values, and words every log holds, would turn the report into asterisks. */
export function isWorthMasking(value: unknown): value is string {
  return typeof value === 'string' && value.length >= 8
}

function secretsOfUser(user: UserEntry): unknown[] {
  const provider = user['auth-provider']?.config ?? {}
  return [
    user.token,
    user.password,
    ...(user.username && user.password ? [Buffer.from(`${user.username}:${user.password}`).toString('base64')] : []),
    ...(typeof user['client-key-data'] === 'string' ? keySecrets(user['client-key-data']) : []),
    ...['id-token', 'refresh-token', 'access-token', 'client-secret'].map((key) => provider[key]),
    ...(user.exec?.env ?? []).filter(({name}) => /secret|token|password|passwd|_key$/i.test(name)).map(({value}) => value),
  ]
}

function passwordOf(url: string): string {
  return URL.canParse(url) ? decodeURIComponent(new URL(url).password) : ''
}
