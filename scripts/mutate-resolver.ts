import {spawnSync} from 'node:child_process'
import {cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'

/**
 * Breaks each rule of src/derive in turn, in a copy, and demands that a test of `__tests__/derive` notices: `node scripts/mutate-resolver.ts [rule]`;
 * with `--write` instead of a rule the whole list goes to docs/mutations.md.
 * Each row: the rule of docs/mtls-semantics.md, the file, what stands there (exactly once), and what breaks it.
 */
const mutations: [rule: string, file: string, from: string, to: string][] = [
  ['2 revisions', 'policies-visible', "label === undefined || revision === '' || label === revision", 'true'],
  ['2 a label of another revision', 'policies-visible', 'label === undefined ||', ''],
  ['3 the revision is the pod’s own', 'mesh-for', 'mesh.revision === revision', 'mesh.revision === "default"'],
  ['4 discoverySelectors', 'policies-visible', 'mesh.discoverySelectors.length === 0 || discovered.has(policy.namespace)', 'true'],
  ['4 selectors are alternatives', 'policies-visible', 'mesh.discoverySelectors.some(', 'mesh.discoverySelectors.every('],
  [
    '8 `selector: {}` widens',
    'policy-index',
    'policy.selector !== null && Object.keys(policy.selector).length > 0',
    'policy.selector !== null',
  ],
  ['9 root selectors are ignored', 'policy-index', 'if (namespace === rootNamespace) continue', ''],
  [
    '9 root selectors are not mesh-wide',
    'policy-index',
    '(byNamespace.get(rootNamespace) ?? []).filter((policy) => !isWorkloadLevel(policy))',
    'byNamespace.get(rootNamespace) ?? []',
  ],
  ['10 every label of a selector', 'label-selector', 'labels[key] !== wanted[key]) return false', 'false) return false'],
  ['11 the oldest wins', 'policy-index', 'compare(createdSecond(a), createdSecond(b))', 'compare(createdSecond(b), createdSecond(a))'],
  ['11 ties by name', 'policy-index', '|| compare(a.name, b.name)', ''],
  ['11 whole seconds', 'policy-index', 'Math.floor(moment / 1000)', 'moment'],
  ['12 PERMISSIVE by default', 'effective-mode', "{mode: 'PERMISSIVE', by: null}", "{mode: 'STRICT', by: null}"],
  ['12 UNSET overrides nothing', 'effective-mode', "policy === null || policy.mode === 'UNSET' ? decided", 'policy === null ? decided'],
  [
    '12 narrower levels override',
    'effective-mode',
    'modeOfLevels([deciding.mesh, deciding.namespace, deciding.workload])',
    'modeOfLevels([deciding.workload, deciding.namespace, deciding.mesh])',
  ],
  ['13 an UNSET port inherits', 'effective-mode', "own === 'UNSET' ? whole : ", ''],
  ['13 port entries count', 'effective-mode', 'deciding.workload.ports[String(port)]', 'undefined'],
  ['14 named target ports', 'target-port', 'declared.name === targetPort', 'true'],
  ['14 the protocol of a named port', 'ports-of', 'protocol: port.protocol', "protocol: 'TCP'"],
  [
    '15 ports of policies have rows',
    'ports-of',
    '[...sources.policyPorts, ...sources.ingressPorts]) add',
    '[...sources.ingressPorts]) add',
  ],
  ['15 undeclared ports have a row', 'ports-of', "add(null, 'TCP')", ''],
  ['15 a port entry is no common chain', 'ports-of', '    ...sources.policyPorts,\n', ''],
  ['17 ingress ports have rows', 'ports-of', '[...sources.policyPorts, ...sources.ingressPorts]) add', '[...sources.policyPorts]) add'],
  ['21 hostNetwork', 'membership', "if (pod.hostNetwork) return 'none'", ''],
  ['21 the status annotation', 'membership', "proxy && pod.annotations['sidecar.istio.io/status'] !== undefined", 'proxy'],
  ['21 native sidecars', 'membership', '[...pod.containers, ...pod.initContainers]', '[...pod.containers]'],
  ['21 ambient needs the redirection', 'membership', "=== 'enabled') return 'ambient'", "!== undefined) return 'ambient'"],
  ['22 finished pods', 'judged-pods', '!isFinished(pod) && ', ''],
  ['25 gateways', 'membership', "role === 'router' || role === 'waypoint'", "role === 'waypoint'"],
  ['26 waypoints', 'membership', "role === 'router' || role === 'waypoint'", "role === 'router'"],
  ['27 proxyless', 'membership', "isProxyless(proxy) ? 'proxyless' : 'sidecar'", "'sidecar'"],
  ['27 PERMISSIVE does not exist', 'port-mode', "label ? 'STRICT' : 'DISABLE'", "'STRICT'"],
  ['28 namespace selectors', 'injection', "selectorMatches(namespaceSelector, {...labels, 'kubernetes.io/metadata.name': name}) &&", ''],
  ['28 object selectors', 'injection', '&& selectorMatches(objectSelector, podLabels)', ''],
  ['29 the label wins', 'injection', 'labels[injectKey] ?? annotations[injectKey]', 'annotations[injectKey] ?? labels[injectKey]'],
  ['29 system namespaces', 'injection', 'neverInjected.has(namespace.name)', 'false'],
  ['31 a pod opts out of ambient', 'injection', "&& pod.labels[ambientKey] !== 'none'", ''],
  ['32 only TCP', 'port-mode', "if (protocol !== 'TCP')", 'if (false)'],
  ['34 exclusions', 'captured-port', 'capture.excludeInbound.includes(port)', 'false'],
  ['34 lists', 'captured-port', "includeInbound === '*' || (port !== null && includeInbound.includes(port))", 'true'],
  ['34 excluded ports have rows', 'ports-of', "if (!proxys.has(port)) add(port, 'TCP')", ''],
  ['35 the tunnel port', 'captured-port', 'if (port === HBONE)', 'if (false)'],
  ['35 the status port', 'ports-of', "pod.annotations['status.sidecar.istio.io/port'] ?? defaultStatusPort", 'defaultStatusPort'],
  ['36 no rules', 'captured-port', "if (capture.mode === 'NONE') return ['nothing intercepts its traffic']", ''],
  ['36 ingress binds without rules', 'port-mode', "return (\n    capture?.mode === 'NONE' &&", 'return (\n    false &&'],
  ['37 interfaces', 'captured-port', 'for (const name of capture.excludeInterfaces)', 'for (const name of [])'],
  [
    '40 ambient is not sidecar',
    'port-mode',
    "case 'ambient':\n      return inAmbient(view, port)",
    "case 'ambient':\n      return sidecarMode(view, port)",
  ],
  ['41 root `selector: {}` in ambient', 'ambient-mode', 'inRootNamespace ? levels.mesh : levels.mesh.filter(isBare)', 'levels.mesh'],
  ['42 ties are undecided', 'ambient-mode', 'answers.some(({open}) => open !== answer?.open)', 'false'],
  [
    '42 a DISABLE port under UNSET',
    'ambient-mode',
    "if (mode === 'UNSET' && strict) return modes.includes('PERMISSIVE')",
    "if (mode === 'UNSET' && strict) return modes.includes('PERMISSIVE') || modes.includes('DISABLE')",
  ],
  [
    '43 the third test ignores the mode',
    'ambient-mode',
    "|| ((parent === undefined || parent === 'UNSET') && root === 'STRICT')",
    "|| (mode === 'UNSET' && (parent === undefined || parent === 'UNSET') && root === 'STRICT')",
  ],
  ['43 an outdated translation', 'ambient-mode', 'answers.find(({choice}) => mayBeOutdated(choice, port))', 'undefined'],
  ['43 an edited parent is later', 'ambient-mode', 'parent.generation > 1 || ', ''],
  ['44 parents without any selector', 'ambient-mode', 'oldest(levels.namespace.filter(isBare))', 'oldest(levels.namespace)'],
  ['46 inbound bypass', 'port-mode', "isTrue(view.pod.annotations['ambient.istio.io/bypass-inbound-capture'])", 'false'],
  ['49 auto mutual TLS off', 'client-tls', 'if (!mesh.enableAutoMtls)', 'if (false)'],
  ['50 no mode is DISABLE', 'client-tls', "mode ?? 'DISABLE'", "mode ?? 'ISTIO_MUTUAL'"],
  ['51 the client’s namespace first', 'destination-rules', 'mostSpecific(own, host) ??\n', ''],
  ['51 exportTo', 'destination-rules', "exportTo.size === 0 || exportTo.has('*') || exportTo.has(client.namespace))", 'true)'],
  ['51 the longest wildcard', 'destination-rules', 'b.length - a.length', 'a.length - b.length'],
  ['51 selectors', 'destination-rules', 'selector !== null && isSubset(selector, client.labels)', 'selector !== null'],
  ['52 a port entry replaces its level', 'client-tls', '(entry ?? policy)?.tls ?? null', 'entry?.tls ?? policy?.tls ?? null'],
  ['53 the endpoint’s label', 'client-tls', "endpoint?.tlsMode !== 'istio'", 'endpoint === null'],
  ['53 the endpoint’s policy', 'client-tls', "served.mode === 'DISABLE'", 'false'],
  ['54 headless Services', 'client-tls', "endpoints.some(({tlsMode}) => tlsMode === 'disabled')", 'false'],
  ['54 PASSTHROUGH goes by its weakest', 'client-tls', 'return always || isPassthrough(policy)', 'return always'],
  ['54 the dialled address needs no label', 'client-tls', 'if (isOriginalDestination(destination, rule, subset, port))', 'if (false)'],
  ['54 headless without endpoints', 'client-tls', 'endpoints.length === 0 || ', ''],
  [
    '54 only endpoints of the port',
    'client-tls',
    'return at === null ? [] : [endpointOf(pod, at)]',
    'return [endpointOf(pod, at ?? port)]',
  ],
  ['55 ExternalName', 'client-tls', "service.type === 'ExternalName'", 'false'],
  ['55 MESH_EXTERNAL by default', 'client-service-entries', "location === 'MESH_INTERNAL'", "location !== 'MESH_EXTERNAL'"],
  ['55 the label of a WorkloadEntry', 'client-service-entries', "labels?.['security.istio.io/tlsMode'] ??", ''],
  ['55 the service account of a WorkloadEntry', 'client-service-entries', "(serviceAccount ?? '') === ''", 'true'],
  ['55 resolution NONE', 'client-service-entries', "isPassthrough: resolution === 'NONE'", 'isPassthrough: false'],
  ['61 EnvoyFilters', 'inbound-filters', 'accepting.has(applyTo) &&', 'false &&'],
  [
    '66 both answers prove',
    'sightings',
    "tls?.saw === 'client-certificate' && plain?.saw === 'closed'",
    "tls?.saw === 'client-certificate'",
  ],
  ['66 controls', 'sightings', 'if (failed.length > 0)', 'if (false)'],
  ['66 a two-sided control', 'sightings', "sides.size === 2 ? ''", "true ? ''"],
  ['66 plain text is plain text', 'sightings', "tls?.saw === 'plain-text' || plain?.saw === 'plain-text'", "plain?.saw === 'plain-text'"],
  ['66 every pod', 'verdict-of-port', '(open.length === 0 ? members : open).map(', '(open.length === 0 ? members : open.slice(0, 1)).map('],
  ['70 every address', 'row-member', 'for (const address of pod.ips) {', 'for (const address of pod.ips.slice(0, 1)) {'],
  ['69 silence needs a voucher', 'row-member', '&& vouched.has(address)', ''],
  ['69 a port entry vouches for none', 'endpoints', 'other.ownMode ||', ''],
  ['70 families', 'captured-port', '|| capture.dualStack', '|| true'],
  ['71 what leaves needs no proof', 'endpoints', 'return !members.every(({pod}) => pod.terminating) &&', 'return '],
]

const write = process.argv.includes('--write')
const only = process.argv.slice(2).find((argument) => !argument.startsWith('--')) ?? ''
if (write && only !== '') throw new Error('`--write` records the whole list: leave the rule out.')

for (const mutation of mutations) demandOnce(mutation)

const copy = mkdtempSync(join(tmpdir(), 'mutate-resolver-'))
for (const name of ['src', '__tests__/derive', '__tests__/helpers', 'package.json', 'jest.config.js'])
  cpSync(name, join(copy, name), {recursive: true})
symlinkSync(join(process.cwd(), 'node_modules'), join(copy, 'node_modules'))

const outcomes: {mutation: (typeof mutations)[number]; noticedBy: NoticedBy}[] = []
try {
  if (notices('.')) throw new Error('The tests of `__tests__/derive` fail before anything is broken: mend them first.')
  for (const mutation of mutations.filter(([rule]) => rule.startsWith(only))) {
    const noticedBy = breakAndAsk(mutation)
    console.log(`${noticedBy === null ? 'SURVIVED' : 'noticed '}  ${mutation[0]}  (${mutation[1]})`)
    outcomes.push({mutation, noticedBy})
  }
} finally {
  rmSync(copy, {recursive: true})
}
const survivors = outcomes.filter(({noticedBy}) => noticedBy === null).length
console.log(survivors === 0 ? 'Every broken rule is noticed.' : `${survivors} broken rules go unnoticed.`)
if (write) writeFileSync('docs/mutations.md', page())
process.exitCode = survivors === 0 ? 0 : 1

function breakAndAsk(mutation: (typeof mutations)[number]): NoticedBy {
  const [, name, from, to] = mutation
  const file = join(copy, 'src/derive', `${name}.ts`)
  const original = readFileSync(file, 'utf8')
  writeFileSync(
    file,
    original.replace(from, () => to),
  )
  try {
    // The properties take long: they are asked only where the tables see nothing.
    if (notices('(?<!properties)\\.test')) return 'the tables'
    return notices('properties\\.test') ? 'the properties' : null
  } finally {
    writeFileSync(file, original)
  }
}

/** A test must have failed by itself: a file that no longer parses, or no test at all, would prove nothing. */
function notices(pattern: string): boolean {
  const jest = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning', 'node_modules/jest/bin/jest.js']
  const {status, stderr} = spawnSync(process.execPath, [...jest, '--selectProjects', 'unit', '--bail', '--testPathPatterns', pattern], {
    cwd: copy,
    encoding: 'utf8',
  })
  const failed = /^Tests: +\d+ failed/m.test(stderr)
  if (failed !== (status !== 0)) throw new Error(`The tests could not be run:\n${stderr.slice(-2000)}`)
  return failed
}

function demandOnce([rule, name, from]: (typeof mutations)[number]): void {
  if (readFileSync(`src/derive/${name}.ts`, 'utf8').split(from).length !== 2)
    throw new Error(`Rule ${rule}: \`${from}\` does not stand exactly once in ${name}.ts: correct the list.`)
}

/** Who notices a broken rule: example tables or the properties of properties.test.ts; null for a survivor. */
type NoticedBy = 'the tables' | 'the properties' | null

function page(): string {
  const rows = outcomes.map(({mutation: [rule, file, from, to], noticedBy}) =>
    [rule, `\`${file}\``, code(from), to.trim() === '' ? 'nothing' : code(to), noticedBy ?? '**nobody**'].join(' | '),
  )
  return `<!-- Generated by scripts/mutate-resolver.ts: do not edit. -->
# Would a test notice?

Each row breaks one rule of [mtls-semantics.md](mtls-semantics.md) in a copy of \`src/derive\` and runs the tests of \`__tests__/derive\`;
a row that nobody notices is a rule that no test holds. Written by \`node scripts/mutate-resolver.ts --write\`.

**${outcomes.length - survivors} of ${outcomes.length} broken rules are noticed.**

| Rule | File of \`src/derive\` | Stands there | Broken by | Noticed by |
| --- | --- | --- | --- | --- |
${rows.map((row) => `| ${row} |`).join('\n')}
`
}

/** Code inside a table's cell: one line, bars escaped. */
function code(text: string): string {
  return `\`${text.trim().replaceAll(/\s+/g, ' ').replaceAll('|', '\\|')}\``
}
