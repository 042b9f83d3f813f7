import {Failure} from '../model/failure.ts'
import table from './helm-checksums.json' with {type: 'json'}

/**
 * The SHA-256 an archive must have: `helm-checksum` where given, else the built-in table (interface.md, "order of trust").
 * Throws a `Failure` that prints what to paste: a checksum from the archive's own host would prove nothing.
 */
export function expectedChecksum(version: string, platform: string, archive: string, given: string): string {
  if (given !== '') return cleaned(given)
  const known = (table as unknown as Record<string, Record<string, string> | undefined>)[version]?.[platform]
  if (known !== undefined) return known
  throw new Failure(`The SHA-256 of helm \`${version}\` for \`${platform}\` is not known here, so nothing was downloaded.`, {
    cure: [
      `Copy the checksum of \`${archive}\` from https://github.com/helm/helm/releases/tag/${version} and paste it:`,
      `  helm-version: ${version}`,
      '  helm-checksum: <those 64 characters>',
    ].join('\n'),
    entry: 'helm-checksum-unknown',
  })
}

function cleaned(given: string): string {
  const hex = given
    .trim()
    .toLowerCase()
    .replace(/^sha256:/, '')
  if (/^[0-9a-f]{64}$/.test(hex)) return hex
  throw new Failure(`\`helm-checksum\` is \`${given}\`, which is no SHA-256.`, {
    cure: "Paste the 64 hexadecimal characters that helm's release page gives for the archive of this runner's platform.",
    entry: 'helm-checksum-unknown',
  })
}
