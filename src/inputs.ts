import {chartDigestsFrom, chartsFrom, fileSafe, httpsOnly, kubeconfigFrom, namespaceGlobs, version} from './inputs-forms.ts'
import {envName, hintOf, inputReaders} from './inputs-readers.ts'
import {defaultIstioVersion, inputTable, plannedInputs, plannedValues} from './inputs-table.ts'
import {Failure} from './model/failure.ts'
import type {Inputs} from './model/inputs.ts'

/**
 * Reads every input once from the runner's `INPUT_*` environment and validates all of them together.
 * Throws one `Failure` that lists every mistake; `warnings` name inputs nobody knows.
 */
export function inputsFrom(env: Record<string, string>): {inputs: Inputs; warnings: string[]} {
  const problems: string[] = []
  const {given, text, choice, flag, number, duration, matching, list} = inputReaders(env, problems)

  const from = list('from')
  const mode = choice<Inputs['mode']>('mode', from.length > 0 ? 'validate' : 'enforce')
  const istioVersion = matching('istio-version', version, '`1.31.1`').replace(/^v/, '')
  const ignore = list('ignore').map((code) => code.toUpperCase())
  for (const code of ignore) if (!/^M\d{3}$/.test(code)) problems.push(`\`ignore\` names \`${code}\`: write check codes such as \`M301\``)
  const excluded = list('exclude-namespaces')

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
    profile: choice<Inputs['profile']>('profile', 'sidecar'),
    revision: matching('revision', dnsLabel, '`canary` (lower-case letters, digits and `-`)'),
    tags: list('tags'),
    platform: matching('platform', dnsLabel, '`gke`'),
    charts: chartsFrom(list('charts'), problems),
    chartDigests: chartDigestsFrom(list('chart-digests'), problems),
    hub: matching('hub', /^[\w.\-:/]+$/, '`docker.io/istio`'),
    imagePullSecrets: list('image-pull-secrets'),
    values: given('values'),
    baseValues: given('base-values'),
    cniValues: given('cni-values'),
    ztunnelValues: given('ztunnel-values'),
    helmVersion: `v${matching('helm-version', version, '`v4.2.4`').replace(/^v/, '')}`,
    helmChecksum: matching('helm-checksum', /^[0-9a-fA-F]{64}$/, "the 64 hex digits of the archive's SHA-256").toLowerCase(),
    helmMirror: httpsOnly('helm-mirror', text('helm-mirror'), problems).replace(/\/+$/, ''),
    timeoutMs: duration('timeout'),
    deadlineMs: duration('deadline'),
    lockTimeoutMs: duration('lock-timeout'),
    namespaces: namespaceGlobs('namespaces', list('namespaces'), problems),
    excludeNamespaces: excluded.length === 1 && excluded[0] === 'none' ? [] : namespaceGlobs('exclude-namespaces', excluded, problems),
    enroll: flag('enroll'),
    mtlsMode: choice<Inputs['mtlsMode']>('mtls-mode', 'STRICT'),
    rollout: choice<Inputs['rollout']>('rollout', 'guarded'),
    minTls: choice<Inputs['minTls']>('min-tls', ''),
    policies: list('policies'),
    accessLogging: flag('access-logging'),
    requireAuthorization: flag('require-authorization'),
    purgeCrds: flag('purge-crds'),
    // Of what would be, nothing can be proven yet.
    require: mode === 'plan' ? 'configured' : choice<Inputs['require']>('require', from.length > 0 ? 'configured' : 'proven'),
    failOn: choice<Inputs['failOn']>('fail-on', 'error'),
    minCoverage: number('min-coverage', 0, 100),
    gate: choice<Inputs['gate']>('gate', 'all'),
    allowEmpty: flag('allow-empty', mode === 'enforce' || mode === 'plan'),
    probes: from.length > 0 || mode === 'plan' ? 'off' : choice<Inputs['probes']>('probes', 'api-server'),
    probeExclude: list('probe-exclude'),
    probeConcurrency: number('probe-concurrency', 1, 256),
    proberImage: matching('prober-image', /^[\w.\-:/@]+$/, '`docker.io/istio/proxyv2:1.31.1`'),
    proberNamespace: matching('prober-namespace', /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/, '`istio-mtls-prober`'),
    waivers: text('waivers'),
    waiverAnnotations: flag('waiver-annotations'),
    ignore,
    baseline: text('baseline'),
    summary: choice<Inputs['summary']>('summary', 'full'),
    comment: choice<Inputs['comment']>('comment', 'on-change'),
    commentKey: text('comment-key'),
    annotations: flag('annotations', true),
    diagnostics: flag('diagnostics'),
    githubToken: given('github-token'),
    prNumber: given('pr-number') === '' ? null : number('pr-number', 1, Number.MAX_SAFE_INTEGER),
    reportDir: text('report-dir') || `${env['RUNNER_TEMP'] || '/tmp'}/istio-mtls/${fileSafe(env['GITHUB_ACTION'] || 'local')}`,
  }
  problems.push(...contradictions(inputs), ...notBuilt(env))
  if (problems.length > 0) {
    throw new Failure(
      `${problems.length === 1 ? 'An input is' : `${problems.length} inputs are`} wrong:\n${problems.map((each) => `- ${each}`).join('\n')}`,
      {
        cure: 'Correct the `with:` block of this step; nothing was changed.',
        entry: 'inputs',
      },
    )
  }
  return {inputs, warnings: strangers(env)}
}

/** Inputs that are right one by one and wrong together. */
function contradictions(inputs: Inputs): string[] {
  const {mode, from, kubeconfig} = inputs
  const guessed = kubeconfig.from === 'path' && !kubeconfig.explicit
  return [
    (mode === 'enforce' || mode === 'uninstall') && from.length > 0
      ? `\`from\` judges files and needs no cluster, but \`mode\` is \`${mode}\`: leave \`mode\` out or set \`mode: validate\``
      : '',
    from.length > 0 && inputs.expectedCluster !== ''
      ? '`expected-cluster` guards a cluster, but `from` judges files: remove one of them'
      : '',
    from.length > 0 && inputs.policies.length > 0
      ? '`policies` are applied to a cluster, but `from` judges files: name them in `from`, too, or remove `policies`'
      : '',
    inputs.gate === 'new' && inputs.baseline === ''
      ? '`gate: new` compares with an earlier report: set `baseline` to its `report.json`'
      : '',
    inputs.install === 'always' && mode === 'enforce' && guessed
      ? '`install: always` needs to be told its cluster: set `kubeconfig` or the variable `KUBECONFIG`'
      : '',
    mode === 'uninstall' && guessed ? '`mode: uninstall` needs to be told its cluster: set `kubeconfig` or the variable `KUBECONFIG`' : '',
  ].filter((problem) => problem !== '')
}

/** Names and values of the contract that this version does not build: using one is a mistake, never silently ignored. */
function notBuilt(env: Record<string, string>): string[] {
  const given = (name: string) => (env[envName(name)] ?? '').trim()
  return [
    ...plannedInputs
      .filter((name) => !['', inputTable.find((each) => each.name === name)?.default].includes(given(name)))
      .map((name) => `\`${name}\` is not built yet in this version: remove it`),
    ...Object.entries(plannedValues)
      .filter(([name, values]) => values.includes(given(name).toLowerCase()))
      .map(([name]) => `\`${name}: ${given(name)}\` is not built yet in this version`),
  ]
}

/** What else the workflow wrote: a warning with the nearest name. */
function strangers(env: Record<string, string>): string[] {
  const names = inputTable.map((each) => each.name)
  const known = new Set<string>(names.map(envName))
  return Object.keys(env)
    .filter((key) => key.startsWith('INPUT_') && !known.has(key))
    .map((key) => key.slice('INPUT_'.length).toLowerCase())
    .map((name) => `Input \`${name}\` is not known${hintOf(name, names)}`)
}

const dnsLabel = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/
