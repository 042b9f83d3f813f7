import {check, finding, type PartialFinding} from '../model/check.ts'
import type {Webhook} from '../model/mesh.ts'
import type {Ref} from '../model/ref.ts'
import type {Service} from '../model/workload.ts'
import {setInIstiod} from './fix.ts'
import {refOf} from './subject.ts'
import {unique} from './unique.ts'

/** istiod authenticates its proxies, keeps plain XDS within the cluster, and no pod is created without its proxy when the injector is away. */
export const istiodGuarded = check({
  code: 'M506',
  slug: 'm506-istiod-guarded',
  severity: 'warning',
  needs: ['controlPlane', 'services'],
  title: 'istiod authenticates, and injection fails closed',
  failure: 'istiod or its injector is left open',
  why: 'Whoever can pose as a proxy reads the whole configuration; an injector that fails open lets pods start in plain text.',
  hint: "Remove the switch from istiod, or set the webhook's failurePolicy back to Fail.",
  run({controlPlane, services}) {
    const open = controlPlane.istiods.filter(({env}) => isFalse(env['XDS_AUTH']))
    const lenient = controlPlane.webhooks.filter(({type, failurePolicy}) => type === 'mutating' && failurePolicy === 'Ignore')
    const [outside, inside] = partition(services.filter(servesPlainXds), isExposed)
    return [
      ...(controlPlane.impostors ?? []).map(unvouched),
      ...open.map((istiod) =>
        finding(
          refOf('Deployment', istiod),
          'XDS_AUTH is false: istiod serves configuration to callers that it does not authenticate, on its TLS port, too',
          {
            fix: `kubectl -n ${istiod.namespace} set env deployment/${istiod.name} XDS_AUTH-`,
          },
        ),
      ),
      ...outside.map(exposed),
      ...[...Map.groupBy(inside, ({namespace}) => namespace).values()].flatMap(offered),
      ...unique(lenient, (webhook) => webhook.configuration).map(failsOpen),
    ]
  },
})

/** Neither its mesh configuration nor its namespace gets a word in the judgement (derive/vouched.ts). */
function unvouched(subject: Ref): PartialFinding {
  const isDeployment = subject.kind === 'Deployment'
  return finding(
    subject,
    `claims to be ${isDeployment ? 'a control plane' : "a control plane's mesh configuration"}, but no webhook configuration vouches for namespace \`${subject.namespace}\`: it is not heeded`,
    {
      severity: 'error',
      hint: `Remove this ${subject.kind} or its claim; if it is a control plane, restore the webhook configurations that its chart makes.`,
      fix: isDeployment
        ? `kubectl -n ${subject.namespace} label deployment ${subject.name} app-`
        : `kubectl -n ${subject.namespace} delete configmap ${subject.name}`,
    },
  )
}

/** The charts' Services select `app: istiod`, and name the port 15010 (istio-discovery/templates/service.yaml, revision-tags-svc.yaml). */
function servesPlainXds({selector, ports}: Service): boolean {
  return selector?.['app'] === 'istiod' && ports.some(isPlainXds)
}

function isPlainXds({targetPort}: Service['ports'][number]): boolean {
  return targetPort === 15010 || targetPort === 'grpc-xds'
}

function isExposed({type, ports}: Service): boolean {
  return type === 'LoadBalancer' || (type === 'NodePort' && ports.some((port) => isPlainXds(port) && port.nodePort > 0))
}

function exposed(service: Service): PartialFinding {
  const at = service.ports.findIndex(isPlainXds)
  return finding(
    refOf('Service', service),
    `type ${service.type} carries plain XDS (port ${service.ports[at]?.port}) beyond the cluster: whoever reaches it reads the configuration of any proxy`,
    {
      hint: 'Take the port of plain XDS out of the Service; proxies elsewhere use 15012, with TLS.',
      fix: `kubectl -n ${service.namespace} patch service ${service.name} --type json -p '[{"op":"remove","path":"/spec/ports/${at}"}]'`,
    },
  )
}

/** Every chart opens the port, so it is said, not held against an install; an empty address would only move it to port 8080 (bootstrap/server.go:initServers). */
function offered([first, ...more]: Service[]): PartialFinding[] {
  if (first === undefined) return []
  const others = more.map(({name}) => `, \`${name}\``).join('')
  return [
    finding(
      refOf('Service', first),
      `plain XDS (port 15010) is open within the cluster at \`${first.name}\`${others}, as Istio's chart has it: any pod that reaches it reads the configuration of any proxy, though no secret`,
      {
        severity: 'info',
        hint: 'Bind plain XDS to loopback unless proxyless gRPC or a proxy of yours uses it: `--grpcAddr=127.0.0.1:15010`.',
        fix: setInIstiod(
          {namespace: first.namespace, revision: first.labels['istio.io/rev'] ?? ''},
          "--set 'extraContainerArgs={--grpcAddr=127.0.0.1:15010}'",
        ),
      },
    ),
  ]
}

function failsOpen({configuration, name, file, line}: Webhook): PartialFinding {
  return finding(
    {kind: 'MutatingWebhookConfiguration', name: configuration, file, line},
    `webhook \`${name}\` has failurePolicy Ignore: while istiod is away pods start without a proxy`,
    {
      fix: `kubectl get mutatingwebhookconfiguration ${configuration} -o json | sed 's/"failurePolicy": "Ignore"/"failurePolicy": "Fail"/' | kubectl apply -f -`,
    },
  )
}

/** Go's strconv.ParseBool, by which istiod reads its switches. */
function isFalse(value: string | undefined): boolean {
  return ['0', 'f', 'F', 'FALSE', 'false', 'False'].includes(value ?? '')
}

function partition<T>(items: T[], isFirst: (item: T) => boolean): [T[], T[]] {
  return [items.filter(isFirst), items.filter((item) => !isFirst(item))]
}
