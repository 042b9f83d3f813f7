/** The text with every secret in it as `***`, as the runner shows it in the log; longer ones first, for one may lie in another. */
export function withoutSecrets(text: string, secrets: ReadonlySet<string>): string {
  // Nearly no text holds one, and all of a report and a snapshot pass here.
  if (!holdsOne(text, secrets)) return text
  const found = [...secrets].filter((secret) => secret !== '' && text.includes(secret))
  return found.sort((left, right) => right.length - left.length).reduce((left, secret) => left.replaceAll(secret, '***'), text)
}

function holdsOne(text: string, secrets: ReadonlySet<string>): boolean {
  for (const secret of secrets) if (secret !== '' && text.length >= secret.length && text.includes(secret)) return true
  return false
}
