import {nearest} from './derive/nearest.ts'
import {defaultIstioVersion, type InputName, type InputSpec, inputTable, plannedInputs} from './inputs-table.ts'
import {Failure} from './model/failure.ts'
import type {Inputs, KubeconfigSource} from './model/inputs.ts'

/**
 * Reads every input once from the runner's `INPUT_*` environment and validates all of them together.
 * Throws one `Failure` that lists every mistake; `warnings` name inputs nobody knows.
 */
export function inputsFrom(env: Record<string, string>): {inputs: Inputs; warnings: string[]} {
  const problems: string[] = []
  const given = (name: InputName) => (env[envName(name)] ?? '').trim()
  const text = (name: InputName) => given(name) || specOf(name).default
  const choice = <T extends string>(name: InputName, fallback: T): T => {
    const {choices = []} = specOf(name)
    const value = text(name)
    if (value === '') return fallback
    const known = choices.find((each) => each.toLowerCase() === value.toLowerCase())
    if (known !== undefined) return known as T
    problems.push(`\`${name}\` is \`${value}\`: use ${orList(choices)}${hintOf(value, choices)}`)
    return fallback
  }
  const flag = (name: InputName, fallback = false): boolean => {
    const value = text(name)
    if (value === '') return fallback
    if (/^(true|false)$/i.test(value)) return value.toLowerCase() === 'true'
    problems.push(`\`${name}\` is \`${value}\`: use \`true\` or \`false\``)
    return fallback
  }
  const number = (name: InputName, low: number, high: number): number => {
    const value = Number(text(name))
    if (Number.isFinite(value) && value >= low && value <= high) return value
    problems.push(`\`${name}\` is \`${text(name)}\`: use a number from ${low} to ${high}`)
    return low
  }
  const duration = (name: InputName): number => {
    const ms = millisecondsFrom(text(name))
    if (ms !== null && ms > 0) return ms
    problems.push(`\`${name}\` is \`${text(name)}\`: use a duration such as \`90s\`, \`5m\` or \`1h30m\``)
    return 0
  }
  const matching = (name: InputName, pattern: RegExp, example: string): string => {
    const value = text(name)
    if (value !== '' && !pattern.test(value)) problems.push(`\`${name}\` is \`${value}\`: write it like ${example}`)
    return value
  }

  for (const {name, kind} of inputTable) {
    if (kind === 'list' && given(name) !== '' && list(given(name)).length === 0)
      problems.push(`\`${name}\` is \`${given(name)}\`, which names nothing: fill it or leave it out`)
  }
  const from = list(text('from'))
  const mode = choice<Inputs['mode']>('mode', from.length > 0 ? 'validate' : 'enforce')
  if (mode === 'enforce' && from.length > 0) {
    problems.push('`from` judges files and needs no cluster, but `mode` is `enforce`: leave `mode` out or set `mode: validate`')
  }
  const require = choice<Inputs['require']>('require', from.length > 0 ? 'configured' : 'proven')
  const probes = choice<Inputs['probes']>('probes', 'api-server')
  if (from.length > 0 && text('expected-cluster') !== '') {
    problems.push('`expected-cluster` guards a cluster, but `from` judges files: remove one of them')
  }
  if (require === 'proven' && probes === 'off' && from.length === 0) {
    problems.push('`require` is `proven` but `probes` is `off`: nothing could be proven; set `require: configured` or leave `probes` out')
  }
  if (given('rollout').toLowerCase() === 'guarded') {
    problems.push('`rollout: guarded` is not built yet: this version knows `immediate`')
  }
  const istioVersion = matching('istio-version', version, '`1.31.1`').replace(/^v/, '')
  const ignore = list(text('ignore')).map((code) => code.toUpperCase())
  for (const code of ignore) if (!/^M\d{3}$/.test(code)) problems.push(`\`ignore\` names \`${code}\`: write check codes such as \`M301\``)
  const namespaces = namespaceGlobs('namespaces', list(text('namespaces')), problems)
  const excluded = list(text('exclude-namespaces'))
  const prNumber = given('pr-number') === '' ? null : number('pr-number', 1, Number.MAX_SAFE_INTEGER)

  const inputs: Inputs = {
    mode,
    kubeconfig: kubeconfigFrom(given('kubeconfig'), env, from.length > 0),
    allowExec: flag('allow-exec'),
    context: text('context'),
    clusterName: text('cluster-name'),
    expectedCluster: text('expected-cluster'),
    insecureSkipTlsVerify: flag('insecure-skip-tls-verify'),
    from,
    install: choice<Inputs['install']>('install', 'auto'),
    takeOver: flag('take-over'),
    istioVersion: istioVersion || defaultIstioVersion,
    istioVersionGiven: istioVersion !== '',
    revision: matching('revision', /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/, '`canary` (lower-case letters, digits and `-`)'),
    charts: chartsFrom(list(text('charts')), problems),
    hub: matching('hub', /^[\w.\-:/]+$/, '`docker.io/istio`'),
    values: given('values'),
    baseValues: given('base-values'),
    helmVersion: `v${matching('helm-version', version, '`v4.2.4`').replace(/^v/, '')}`,
    helmChecksum: matching('helm-checksum', /^[0-9a-fA-F]{64}$/, "the 64 hex digits of the archive's SHA-256").toLowerCase(),
    helmMirror: httpsOnly('helm-mirror', text('helm-mirror'), problems).replace(/\/+$/, ''),
    timeoutMs: duration('timeout'),
    deadlineMs: duration('deadline'),
    namespaces,
    excludeNamespaces: excluded.length === 1 && excluded[0] === 'none' ? [] : namespaceGlobs('exclude-namespaces', excluded, problems),
    mtlsMode: choice<Inputs['mtlsMode']>('mtls-mode', 'STRICT'),
    rollout: 'immediate',
    require,
    failOn: choice<Inputs['failOn']>('fail-on', 'error'),
    minCoverage: number('min-coverage', 0, 100),
    allowEmpty: flag('allow-empty', mode === 'enforce'),
    probes: from.length > 0 ? 'off' : probes,
    probeExclude: list(text('probe-exclude')),
    probeConcurrency: number('probe-concurrency', 1, 256),
    waivers: text('waivers'),
    ignore,
    summary: choice<Inputs['summary']>('summary', 'full'),
    comment: choice<Inputs['comment']>('comment', 'on-change'),
    commentKey: text('comment-key'),
    annotations: flag('annotations', true),
    githubToken: given('github-token'),
    prNumber,
    reportDir: text('report-dir') || `${env['RUNNER_TEMP'] || '/tmp'}/istio-mtls/${fileSafe(env['GITHUB_ACTION'] || 'local')}`,
  }
  const warnings = strangers(env, problems)
  if (inputs.install === 'always' && inputs.mode === 'enforce' && inputs.kubeconfig.from === 'path' && !inputs.kubeconfig.explicit) {
    problems.push('`install: always` needs to be told its cluster: set `kubeconfig` or the variable `KUBECONFIG`')
  }
  if (problems.length > 0) {
    throw new Failure(
      `${problems.length === 1 ? 'An input is' : `${problems.length} inputs are`} wrong:\n${problems.map((each) => `- ${each}`).join('\n')}`,
      {
        cure: 'Correct the `with:` block of this step; nothing was changed.',
        entry: 'inputs',
      },
    )
  }
  return {inputs, warnings}
}

/** `1h30m`, `90s`, `500ms` → milliseconds; null for anything else (Go's unit names, whole or decimal). */
export function millisecondsFrom(text: string): number | null {
  if (!/^(\d+(\.\d+)?(ms|s|m|h))+$/.test(text)) return null
  let total = 0
  for (const [, amount, , unit] of text.matchAll(/(\d+(\.\d+)?)(ms|s|m|h)/g)) total += Number(amount) * (unitMs[unit ?? ''] ?? 0)
  return total
}

const unitMs: Record<string, number> = {ms: 1, s: 1000, m: 60_000, h: 3_600_000}
const version = /^v?\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/

function specOf(name: InputName): InputSpec {
  return inputTable.find((each) => each.name === name) as InputSpec
}

function envName(name: string): string {
  return `INPUT_${name.replace(/ /g, '_').toUpperCase()}`
}

function list(text: string): string[] {
  return text
    .split(/[\n,]/)
    .map((each) => each.trim())
    .filter((each) => each !== '')
}

function kubeconfigFrom(given: string, env: Record<string, string>, fromFiles: boolean): KubeconfigSource {
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

function chartsFrom(entries: string[], problems: string[]): string[] {
  for (const entry of entries) {
    if (entry.startsWith('http://'))
      problems.push(`\`charts\` names \`${entry}\`: plain http can be altered on the way; use https, oci or a local folder`)
    else if (/^[a-z]+:\/\//.test(entry) && !/^(https|oci):\/\//.test(entry))
      problems.push(`\`charts\` names \`${entry}\`: use https://, oci:// or a local folder`)
  }
  return entries.map((entry) => entry.replace(/\/+$/, ''))
}

function httpsOnly(name: InputName, url: string, problems: string[]): string {
  if (!url.startsWith('https://')) problems.push(`\`${name}\` is \`${url}\`: use an https:// address`)
  return url
}

function namespaceGlobs(name: InputName, globs: string[], problems: string[]): string[] {
  for (const glob of globs) {
    if (!/^[a-z0-9*]([-a-z0-9*]{0,61}[a-z0-9*])?$/.test(glob))
      problems.push(`\`${name}\` names \`${glob}\`: use namespace names, \`*\` stands for any characters`)
  }
  return globs
}

/** What else the workflow wrote: a planned name is a mistake, an unknown one a warning with the nearest name. */
function strangers(env: Record<string, string>, problems: string[]): string[] {
  const known = new Set<string>(inputTable.map((each) => envName(each.name)))
  const warnings: string[] = []
  for (const [key, value] of Object.entries(env)) {
    if (!key.startsWith('INPUT_') || known.has(key)) continue
    const name = key.slice('INPUT_'.length).toLowerCase()
    if (plannedInputs.includes(name)) {
      if (value.trim() !== '') problems.push(`\`${name}\` is not built yet in this version: remove it`)
    } else {
      warnings.push(
        `Input \`${name}\` is not known${hintOf(
          name,
          inputTable.map((each) => each.name),
        )}`,
      )
    }
  }
  return warnings
}

function hintOf(value: string, choices: readonly string[]): string {
  const close = nearest(value, choices)
  return close === null ? '' : `; did you mean \`${close}\`?`
}

function orList(choices: readonly string[]): string {
  return choices.map((each) => `\`${each}\``).join(' or ')
}

function fileSafe(name: string): string {
  return name.replace(/[^\w.-]/g, '_')
}
