/** The text with every secret in it as `***`, as the runner shows it in the log; longer ones first, for one may lie in another. */
export function withoutSecrets(text: string, secrets: ReadonlySet<string>): string {
  if (secrets.size === 0 || text.length < shortest(secrets)) return text
  const found = [...secrets].filter((secret) => secret !== '' && text.includes(secret)).sort((left, right) => right.length - left.length)
  return found.reduce((left, secret) => left.replaceAll(secret, '***'), text)
}

function shortest(secrets: ReadonlySet<string>): number {
  let least = Number.POSITIVE_INFINITY
  for (const {length} of secrets) if (length > 0 && length < least) least = length
  return least
}
