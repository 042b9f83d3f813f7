import {parseAllDocuments} from 'yaml'

/**
 * What the inputs and variables of a step hold that no log, file or output may show: the token, user information in addresses, and of helm
 * values what is named like a secret. Read from the environment as it stands, for even a wrong input is quoted in its error.
 */
export function secretsIn(env: Record<string, string>, values: string[] = []): string[] {
  const given = Object.entries(env).filter(([name]) => name.startsWith('INPUT_') || /^(https?|all|no|ftp)_proxy$/i.test(name))
  const inline = given.filter(([name]) => name.endsWith('VALUES')).map(([, value]) => value)
  const secrets = [
    ...['INPUT_GITHUB-TOKEN', 'GITHUB_TOKEN', 'ACTIONS_RUNTIME_TOKEN', 'ACTIONS_ID_TOKEN_REQUEST_TOKEN'].map((name) => env[name] ?? ''),
    ...given.flatMap(([, value]) => userInformation(value)),
    ...[...inline, ...values].flatMap(secretValues),
  ]
  return [...new Set(secrets.filter(({length}) => length >= shortest))]
}

/** Shorter ones, and words that every log holds, would turn a report into asterisks. */
const shortest = 8

/** `user:password` of every address in a text, and the password alone, as written and as sent. */
function userInformation(text: string): string[] {
  return [...text.matchAll(/[a-z][a-z0-9+.-]*:\/\/([^\s/@'"]+)@/gi)].flatMap(([, both = '']) => {
    const password = both.slice(both.indexOf(':') + 1)
    return [both, password, decoded(password), Buffer.from(decoded(both)).toString('base64')]
  })
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

function secretValues(text: string): string[] {
  try {
    return parseAllDocuments(text, {prettyErrors: false}).flatMap((document) => leaves(document.toJS(), ''))
  } catch {
    return []
  }
}

/** Of an environment list (`{name, value}`) the name tells, else the key. */
function leaves(value: unknown, key: string): string[] {
  if (typeof value === 'string') return isSecretName(key) ? [value, ...value.split(/\r?\n/)] : []
  if (Array.isArray(value)) return value.flatMap((each) => leaves(each, key))
  if (typeof value !== 'object' || value === null) return []
  const named = value as {name?: unknown; value?: unknown}
  return Object.entries(value).flatMap(([name, each]) =>
    leaves(each, name === 'value' && typeof named.name === 'string' ? named.name : isSecretName(key) ? key : name),
  )
}

function isSecretName(name: string): boolean {
  return /pass(word|wd|phrase)?$|secret|token|api_?key|private_?key|credential|\.dockerconfigjson/i.test(name)
}
