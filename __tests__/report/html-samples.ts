import type {Endpoint} from '../../src/model/endpoint.ts'
import {unread} from '../../src/model/part.ts'
import type {Report, Waiver} from '../../src/model/report.ts'
import {buildReport} from '../../src/report/build.ts'
import {finding, inputs, open, result, row, snapshot, stages} from './samples.ts'

const platform: Record<string, string[]> = {
  checkout: ['web', 'cart', 'orders', 'payments', 'pricing', 'promotions', 'tax', 'invoices'],
  catalog: ['search', 'products', 'images', 'reviews', 'recommendations'],
  identity: ['login', 'sessions', 'profiles', 'consent'],
  fulfilment: ['warehouse', 'shipping-labels', 'carrier-gateway-adapter-for-partners', 'returns', 'tracking'],
  messaging: ['kafka', 'mail', 'push', 'webhooks'],
  legacy: ['billing', 'mainframe-bridge', 'ftp-drop'],
  data: ['postgres', 'redis', 'elasticsearch', 'spark-driver', 'airflow', 'metabase', 'clickhouse'],
  edge: ['istio-ingressgateway', 'istio-egressgateway'],
}

/** A mesh of a middling shop in which every kind of verdict, waiver and note occurs. */
export function busyReport(): Report {
  const endpoints = Object.entries(platform).flatMap(([namespace, names]) => names.flatMap((name, at) => rowsOf(namespace, name, at)))
  const results = [
    result('M101', {title: 'The control plane is ready'}),
    result('M301', {title: 'The mesh refuses plain text by default'}),
    result('M304', {
      findings: [
        finding({
          subject: {kind: 'PeerAuthentication', namespace: 'checkout', name: 'legacy-callers'},
          endpoints: ['checkout/Deployment/orders:8080'],
          fix: `kubectl -n checkout patch peerauthentication legacy-callers --type merge -p '{"spec":{"portLevelMtls":null}}'`,
        }),
      ],
    }),
    result('M302', {
      title: 'A namespace is weaker than the mesh',
      why: 'A namespace policy replaces the one of the mesh for all its workloads, so one object opens them all.',
      findings: [
        finding({
          subject: {kind: 'PeerAuthentication', namespace: 'legacy', name: 'default', file: 'deploy/legacy/mtls.yaml', line: 4},
          message: 'PeerAuthentication `legacy/default` says PERMISSIVE for 2 workloads: plain text is accepted there',
          hint: 'Set `mtls.mode` to `STRICT`, or delete the policy so that the mesh decides.',
          fix: 'apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata:\n  name: default\n  namespace: legacy\nspec:\n  mtls:\n    mode: STRICT\n',
          endpoints: ['legacy/Deployment/billing:8080'],
        }),
      ],
    }),
    result('M405', {
      severity: 'warning',
      title: 'Callers outside the mesh would break',
      why: 'A workload without a sidecar has no certificate to show, so a port that turns STRICT refuses it.',
      findings: [
        finding({
          severity: 'warning',
          subject: {kind: 'Deployment', namespace: 'data', name: 'airflow'},
          message: 'airflow has no sidecar and calls `orders.checkout:8080`',
          hint: 'Give the caller a sidecar: label the namespace and restart it.',
          fix: 'kubectl label namespace data istio-injection=enabled\nkubectl -n data rollout restart deployment airflow',
        }),
      ],
    }),
    result('M503', {
      severity: 'info',
      title: 'Workloads share a service account',
      findings: [finding({severity: 'info', message: '3 workloads of `data` share the service account `default`'})],
    }),
    result('M401', {
      status: 'unknown',
      title: 'Clients send mutual TLS',
      reason: 'not read: destinationRules: no right to list destinationrules',
    }),
    result('M601', {status: 'skipped', title: 'Every workload is covered by an AuthorizationPolicy', reason: 'left out by `ignore`'}),
  ]
  return buildReport({
    inputs: inputs({ignore: ['M601']}),
    snapshot: snapshot({destinationRules: unread('no right to list destinationrules')}),
    endpoints,
    results,
    waivers,
    stages,
    notes: ['Namespace `kube-system` was left alone.'],
  })
}

const waivers: Waiver[] = [
  {
    ...{code: 'M304', namespace: 'data', workload: 'metabase', port: 3000, owner: 'data-platform', expires: '2026-12-01'},
    ...{reason: 'scraped by the old appliance until it is replaced', status: 'expiring', file: '.github/mtls-waivers.yaml', line: 3},
    covers: ['data/Deployment/metabase:3000'],
  },
  {
    ...{code: 'M302', namespace: 'legacy', workload: 'fax', port: null, owner: 'shop', expires: '2027-03-31'},
    ...{reason: 'the fax gateway speaks no TLS', status: 'unused', file: '.github/mtls-waivers.yaml', line: 10, covers: []},
  },
]

function rowsOf(namespace: string, name: string, at: number): Endpoint[] {
  const health = row(namespace, name, 15021, {
    verdict: 'exempt',
    because: 'mesh-port',
    reason: "the sidecar's own health port",
    evidence: [],
  })
  if (namespace === 'edge') {
    const gateway = {dataPlane: 'gateway', mode: 'GATEWAY', decidedBy: null, verdict: 'exempt', because: 'gateway'} as const
    return [row(namespace, name, 8443, {...gateway, reason: "the gateway's own TLS decides", evidence: []})]
  }
  if (name === 'orders') return [open(namespace, name, 8080), row(namespace, name, 9090), health]
  if (name === 'billing' || name === 'mainframe-bridge')
    return [open(namespace, name, 8080, 'default'), open(namespace, name, null, 'default')]
  if (name === 'airflow') {
    const bare = {dataPlane: 'none', mode: 'NONE', decidedBy: null, verdict: 'violated', reason: 'no proxy intercepts it'} as const
    return [row(namespace, name, 8793, {...bare, evidence: [{kind: 'probe', says: 'answered in plain text', at: '2026-11-22T18:00:02Z'}]})]
  }
  if (name === 'metabase')
    return [
      row(namespace, name, 3000, {
        verdict: 'exempt',
        because: 'waiver',
        mode: 'PERMISSIVE',
        reason: 'Waived until 2026-12-01 by data-platform',
      }),
    ]
  if (name === 'kafka') {
    const missed = {verdict: 'unproven', reason: 'the port did not answer within 5 s, twice', evidence: []} as const
    return [
      row(namespace, name, 9092, {...missed, evidence: [], workload: {kind: 'StatefulSet', name}}),
      {...health, workload: {kind: 'StatefulSet', name}},
    ]
  }
  if (at % 4 === 3) return [row(namespace, name, 8080, {verdict: 'configured', reason: 'excluded from probing', evidence: []}), health]
  return [row(namespace, name, 8080), row(namespace, name, null), health]
}
