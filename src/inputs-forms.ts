import type {InputName} from './inputs-table.ts'
import type {KubeconfigSource} from './model/inputs.ts'

/** An exact version, with or without `v`. */
export const version = /^v?\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/

/** Where the kubeconfig comes from: content, base64, a path, `in-cluster`, then `KUBECONFIG`, then the home folder's. */
export function kubeconfigFrom(given: string, env: Record<string, string>, fromFiles: boolean): KubeconfigSource {
  if (fromFiles) return {from: 'none'}
  if (given === 'in-cluster') return {from: 'in-cluster'}
  if (/\n|^\s*\{|^apiVersion:/.test(given)) return {from: 'content', content: given, input: 'kubeconfig'}
  if (given.length > 200 && /^[A-Za-z0-9+/=\s]+$/.test(given)) {
    return {from: 'content', content: Buffer.from(given, 'base64').toString('utf8'), input: 'kubeconfig'}
  }
  if (given !== '') return {from: 'path', path: given, input: 'kubeconfig', explicit: true}
  if (env['KUBECONFIG']) return {from: 'path', path: env['KUBECONFIG'], input: 'KUBECONFIG', explicit: true}
  return {from: 'path', path: `${env['HOME'] || '/root'}/.kube/config`, input: 'kubeconfig', explicit: false}
}

/** Chart sources without trailing slashes; plain http and unknown schemes are problems. */
export function chartsFrom(entries: string[], problems: string[]): string[] {
  for (const entry of entries) {
    if (entry.startsWith('http://'))
      problems.push(`\`charts\` names \`${entry}\`: plain http can be altered on the way; use https, oci or a local folder`)
    else if (/^[a-z]+:\/\//.test(entry) && !/^(https|oci):\/\//.test(entry))
      problems.push(`\`charts\` names \`${entry}\`: use https://, oci:// or a local folder`)
  }
  return entries.map((entry) => entry.replace(/\/+$/, ''))
}

/** `CHART=sha256:HEX` entries as digests (64 lower-case hex digits) by chart name. */
export function chartDigestsFrom(entries: string[], problems: string[]): Record<string, string> {
  const digests: Record<string, string> = {}
  for (const entry of entries) {
    const [, chart, hex] = /^([a-z][a-z0-9-]*)=(?:sha256:)?([0-9a-fA-F]{64})$/.exec(entry) ?? []
    if (chart === undefined || hex === undefined)
      problems.push(`\`chart-digests\` holds \`${entry}\`: write \`istiod=sha256:…\`, 64 hex digits`)
    else digests[chart] = hex.toLowerCase()
  }
  return digests
}

/** The address as it stands; anything but https is a problem. */
export function httpsOnly(name: InputName, url: string, problems: string[]): string {
  if (!url.startsWith('https://')) problems.push(`\`${name}\` is \`${url}\`: use an https:// address`)
  return url
}

/** Namespace globs as they stand; what can be no namespace's name is a problem. */
export function namespaceGlobs(name: InputName, globs: string[], problems: string[]): string[] {
  for (const glob of globs) {
    if (!/^[a-z0-9*]([-a-z0-9*]{0,61}[a-z0-9*])?$/.test(glob))
      problems.push(`\`${name}\` names \`${glob}\`: use namespace names, \`*\` stands for any characters`)
  }
  return globs
}

/** A name in which only letters, digits, `.`, `-` and `_` are left. */
export function fileSafe(name: string): string {
  return name.replace(/[^\w.-]/g, '_')
}
