import {defaultMesh} from '../../src/derive/mesh-for.ts'
import type {CheckResult, Finding} from '../../src/model/check.ts'
import type {Endpoint} from '../../src/model/endpoint.ts'
import type {Inputs} from '../../src/model/inputs.ts'
import {read, unread} from '../../src/model/part.ts'
import type {Report, Stage} from '../../src/model/report.ts'
import type {Parts, Snapshot} from '../../src/model/snapshot.ts'
import {buildReport} from '../../src/report/build.ts'

/** Inputs as action.yml's defaults make them. */
export function inputs(changes: Partial<Inputs> = {}): Inputs {
  return {
    mode: 'enforce',
    kubeconfig: {from: 'none'},
    allowExec: false,
    context: '',
    clusterName: 'preview-17',
    expectedCluster: '',
    insecureSkipTlsVerify: false,
    from: [],
    install: 'auto',
    takeOver: false,
    istioVersion: '1.31.1',
    istioVersionGiven: false,
    profile: 'sidecar',
    revision: '',
    tags: [],
    platform: '',
    charts: [],
    chartDigests: {},
    hub: 'docker.io/istio',
    imagePullSecrets: [],
    values: '',
    baseValues: '',
    cniValues: '',
    ztunnelValues: '',
    helmVersion: 'v4.2.4',
    helmChecksum: '',
    helmMirror: 'https://get.helm.sh',
    timeoutMs: 300_000,
    deadlineMs: 1_800_000,
    lockTimeoutMs: 600_000,
    namespaces: ['*'],
    excludeNamespaces: ['kube-*', 'local-path-storage'],
    enroll: false,
    mtlsMode: 'STRICT',
    rollout: 'immediate',
    minTls: '',
    policies: [],
    accessLogging: false,
    requireAuthorization: false,
    purgeCrds: false,
    require: 'proven',
    failOn: 'error',
    minCoverage: 100,
    gate: 'all',
    allowEmpty: true,
    probes: 'api-server',
    probeExclude: [],
    probeConcurrency: 16,
    proberImage: '',
    proberNamespace: 'istio-mtls-prober',
    waivers: '',
    waiverAnnotations: false,
    ignore: [],
    baseline: '',
    summary: 'full',
    comment: 'on-change',
    commentKey: '',
    annotations: true,
    diagnostics: false,
    githubToken: 'ghs_token',
    prNumber: null,
    reportDir: '/temp/istio-mtls/mtls',
    ...changes,
  }
}

/** A snapshot in which every part was read and most are empty. */
export function snapshot(changes: Partial<Parts> = {}): Snapshot {
  const empty = read([])
  return {
    version: 1,
    takenAt: '2026-11-22T18:00:00Z',
    asked: {
      scope: {namespaces: ['*'], exclude: []},
      revision: '',
      istioVersion: '1.31.1',
      mtlsMode: 'STRICT',
      require: 'proven',
      probes: true,
      requireAuthorization: false,
      accessLogging: false,
      minTls: '',
    },
    cluster: read({
      name: 'https://10.108.0.1:6443',
      uid: '2f6c1c9e-5c0b-4f7e-9a53-9b8d6f0f3a11',
      kubernetes: 'v1.37.2',
      server: 'https://10.108.0.1:6443',
    }),
    mesh: read([defaultMesh]),
    controlPlane: read({
      istiods: [
        {
          ...{namespace: 'istio-system', name: 'istiod', uid: 'u1', createdAt: '', generation: 1, labels: {}, annotations: {}},
          ...{revision: 'default', version: '1.31.1', replicas: 1, readyReplicas: 1, env: {}},
        },
      ],
      webhooks: [],
      endpoints: {},
    }),
    validation: read({webhook: 'rev.validation.istio.io', denied: true, message: ''}),
    namespaces: empty,
    pods: empty,
    templates: empty,
    services: empty,
    policies: empty,
    destinationRules: empty,
    serviceEntries: empty,
    workloadEntries: empty,
    sidecars: empty,
    gateways: empty,
    envoyFilters: empty,
    authorizationPolicies: empty,
    requestAuthentications: empty,
    telemetries: empty,
    roots: empty,
    delivered: unread('no role reads what was delivered'),
    probes: read({
      by: 'api-server',
      controls: [
        {name: 'istiod port 15014', expects: 'answer', passed: true, detail: 'answered 200'},
        {name: 'a closed port of istiod', expects: 'silence', passed: true, detail: 'connection refused'},
      ],
      reachable: [],
      ports: [],
    }),
    ...changes,
  }
}

/** A port row of Deployment `name`, proven unless told otherwise. */
export function row(namespace: string, name: string, port: number | null, changes: Partial<Endpoint> = {}): Endpoint {
  return {
    namespace,
    workload: {kind: 'Deployment', name},
    pods: [`${name}-7d9f8b6c5d-abcde`],
    port,
    protocol: 'TCP',
    dataPlane: 'sidecar',
    mode: 'STRICT',
    decidedBy: {kind: 'PeerAuthentication', namespace: 'istio-system', name: 'default'},
    verdict: 'proven',
    because: null,
    reason: 'it refused plain text and demanded a client certificate',
    evidence: [
      {kind: 'configured', says: 'STRICT, captured', at: '2026-11-22T18:00:00Z'},
      {kind: 'probe', says: 'refused plain text and demanded a client certificate', at: '2026-11-22T18:00:02Z'},
    ],
    ...changes,
  }
}

/** A row that a permissive exception opens. */
export function open(namespace: string, name: string, port: number | null, policy = 'legacy-callers'): Endpoint {
  return row(namespace, name, port, {
    mode: 'PERMISSIVE',
    decidedBy: {kind: 'PeerAuthentication', namespace, name: policy},
    verdict: 'violated',
    reason: 'its mode is PERMISSIVE',
    evidence: [{kind: 'configured', says: 'PERMISSIVE', at: '2026-11-22T18:00:00Z'}],
  })
}

export function finding(changes: Partial<Finding> = {}): Finding {
  return {
    subject: {kind: 'PeerAuthentication', namespace: 'shop', name: 'legacy-callers'},
    message: 'port 8080 is PERMISSIVE on Deployment orders: plain text is accepted there',
    hint: 'Remove the port from `portLevelMtls`; where one legacy caller needs plain text, give the caller a sidecar instead.',
    fix: `kubectl -n shop patch peerauthentication legacy-callers --type merge -p '{"spec":{"portLevelMtls":null}}'`,
    severity: 'error',
    endpoints: ['shop/Deployment/orders:8080'],
    ...changes,
  }
}

export function result(code: string, changes: Partial<CheckResult> = {}): CheckResult {
  const findings = changes.findings ?? []
  return {
    code,
    slug: `${code.toLowerCase()}-check`,
    status: findings.length > 0 ? 'fail' : 'pass',
    severity: findings[0]?.severity ?? 'error',
    title: 'A port is excepted from mutual TLS',
    why: 'An excepted port answers any caller without an identity, while the workload looks STRICT at a glance.',
    docs: `docs/checks/${code.toLowerCase()}-check.md`,
    reason: '',
    findings,
    ...changes,
  }
}

export const stages: Stage[] = [
  {name: 'connect', status: 'done', ms: 61, changed: false, says: 'preview-17', steps: [], cure: '', entry: ''},
  {
    name: 'install',
    status: 'done',
    ms: 21_300,
    changed: true,
    says: 'Istio 1.31.1 installed from `oci://ghcr.io/istio/release/charts`',
    steps: [
      {name: 'download', ms: 1400, says: 'helm v4.2.4 for linux-amd64, verified by the built-in table'},
      {name: 'base', ms: 2100, says: 'installed'},
      {name: 'istiod', ms: 16_900, says: 'installed, 1 of 1 replicas ready'},
      {name: 'webhook', ms: 900, says: '`rev.validation.istio.io` answers'},
    ],
    cure: '',
    entry: '',
  },
  {
    name: 'enforce',
    status: 'done',
    ms: 180,
    changed: true,
    says: 'PeerAuthentication `istio-system/default` is STRICT',
    steps: [],
    cure: '',
    entry: '',
  },
  {
    name: 'observe',
    status: 'done',
    ms: 4200,
    changed: false,
    says: '12 pods and 2 PeerAuthentications read, 9 ports probed',
    steps: [],
    cure: '',
    entry: '',
  },
]

const quiet = ['M101', 'M103', 'M201', 'M202', 'M205', 'M301', 'M302'].map((code) => result(code, {title: 'The control plane is ready'}))
const shop = ['web', 'cart', 'orders', 'payments'].flatMap((name) => [row('shop', name, 8080), row('shop', name, 9090)])
const health = row('shop', 'web', 15021, {verdict: 'exempt', because: 'mesh-port', reason: "the sidecar's own health port", evidence: []})

/** All as it should be. */
export function greenReport(): Report {
  return buildReport({inputs: inputs(), snapshot: snapshot(), endpoints: [...shop, health], results: quiet, stages, notes: []})
}

/** The demo's red run: one permissive exception for a legacy caller. */
export function redReport(): Report {
  const endpoints = [
    ...shop.filter(({workload, port}) => workload.name !== 'orders' || port !== 8080),
    open('shop', 'orders', 8080),
    health,
  ]
  const results = [
    ...quiet,
    result('M304', {findings: [finding()]}),
    result('M405', {
      title: 'Callers outside the mesh would break',
      findings: [
        finding({
          severity: 'warning',
          subject: {kind: 'Deployment', namespace: 'legacy', name: 'billing'},
          message: 'billing has no sidecar and calls `orders.shop:8080`',
          hint: 'Give the caller a sidecar: label the namespace and restart it.',
          fix: 'kubectl label namespace legacy istio-injection=enabled\nkubectl -n legacy rollout restart deployment billing',
        }),
      ],
    }),
    result('M503', {
      severity: 'info',
      title: 'Workloads share a service account',
      findings: [finding({severity: 'info', message: '3 workloads of `shop` share the service account `default`'})],
    }),
    result('M601', {status: 'skipped', title: 'Every workload is covered by an AuthorizationPolicy', reason: 'left out by `ignore`'}),
  ]
  return buildReport({inputs: inputs({ignore: ['M601']}), snapshot: snapshot(), endpoints, results, stages, notes: []})
}

/** The control plane is down and nothing could be read. */
export function downReport(): Report {
  const refused = unread('the API server answered 503 to GET /api/v1/pods')
  const failed: Stage = {
    ...{name: 'install', status: 'failed', ms: 300_000, changed: true, steps: [], entry: 'istiod-not-ready'},
    says: 'istiod was not ready within 5 min: 1 pod waits, `ImagePullBackOff: toomanyrequests`.',
    cure: 'Set `hub` to a registry that mirrors docker.io/istio, or log the nodes in to Docker Hub.',
  }
  const skipped: Stage = {
    name: 'enforce',
    status: 'skipped',
    ms: 0,
    changed: false,
    says: 'skipped: install failed',
    steps: [],
    cure: '',
    entry: '',
  }
  return buildReport({
    inputs: inputs(),
    snapshot: snapshot({pods: refused, controlPlane: refused}),
    endpoints: [],
    results: [
      result('M101', {
        status: 'unknown',
        title: 'The control plane is ready',
        reason: 'not read: controlPlane: the API server answered 503',
      }),
    ],
    stages: [...stages.slice(0, 1), failed, skipped],
    notes: [],
  })
}

/** `workloads` Deployments of two ports, of which `bad` are open. */
export function bigReport(workloads: number, bad: number): Report {
  const endpoints = Array.from({length: workloads}, (_, at) => {
    const [namespace, name] = [`team-${at % 40}`, `service-with-a-rather-long-name-${at}`]
    return [at < bad ? open(namespace, name, 8080) : row(namespace, name, 8080), row(namespace, name, 9090)]
  }).flat()
  const findings = endpoints
    .filter(({verdict}) => verdict === 'violated')
    .map(({namespace, workload}) =>
      finding({
        subject: {kind: 'PeerAuthentication', namespace, name: 'legacy-callers'},
        endpoints: [`${namespace}/Deployment/${workload.name}:8080`],
      }),
    )
  return buildReport({
    inputs: inputs(),
    snapshot: snapshot(),
    endpoints,
    results: [...quiet, result('M304', {findings})],
    stages,
    notes: [],
  })
}

/** Where the files of a report lie, when none was written. */
export const nowhere = {
  reportJson: '',
  reportMarkdown: '',
  reportSarif: '',
  reportJunit: '',
  reportHtml: '',
  snapshot: '',
  helmPath: '',
  commentUrl: '',
}
