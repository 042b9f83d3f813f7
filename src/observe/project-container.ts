import {isProxyVariable} from '../model/kept-variables.ts'
import type {Container, HealthProbe, Protocol} from '../model/workload.ts'
import {type Fields, fieldsOf, listOf, numberOf, portOf, textOf, textsOf} from './untrusted.ts'

/** One container with its status; args and env only where a mesh question needs them (interface.md, "Safety rules"). */
export function containerFrom(container: Fields, status: Fields = {}): Container {
  const name = textOf(container['name'])
  const security = fieldsOf(container['securityContext'])
  return {
    name,
    image: textOf(container['image']),
    ports: listOf(container['ports']).flatMap(portFrom),
    args: containersWithArgs.has(name) ? textsOf(container['args']) : [],
    env: envFrom(container['env'], isProxyVariable),
    probes: healthProbesFrom(container),
    restartPolicy: textOf(container['restartPolicy']),
    runAsUser: numberOf(security['runAsUser'], null),
    runAsGroup: numberOf(security['runAsGroup'], null),
    ready: status['ready'] === true,
    waiting: waitingText(fieldsOf(fieldsOf(status['state'])['waiting'])),
    ...(numberOf(status['restartCount'], 0) > 0 && {restarts: numberOf(status['restartCount'], 0)}),
  }
}

/** Rules 21 and 33: the proxy's role and the capture rules stand in these containers' args. */
const containersWithArgs = new Set(['istio-init', 'istio-validation', 'istio-proxy'])

/** Literal values of the variables that `isKept` names; never what comes from a Secret or ConfigMap. */
export function envFrom(env: unknown, isKept: (name: string) => boolean): Record<string, string> {
  const variables = listOf(env).map((each) => [textOf(each['name']), each['value']] as const)
  return Object.fromEntries(variables.filter((each): each is [string, string] => isKept(each[0]) && typeof each[1] === 'string'))
}

/** The transport as Kubernetes writes it; TCP where none is given. */
export function protocolOf(value: unknown): Protocol {
  return value === 'UDP' || value === 'SCTP' ? value : 'TCP'
}

function portFrom(declared: Fields): Container['ports'] {
  const port = portOf(declared['containerPort'])
  return port === null ? [] : [{name: textOf(declared['name']), port, protocol: protocolOf(declared['protocol'])}]
}

function healthProbesFrom(container: Fields): HealthProbe[] {
  const lifecycle = fieldsOf(container['lifecycle'])
  const written: [HealthProbe['kind'], unknown][] = [
    ['liveness', container['livenessProbe']],
    ['readiness', container['readinessProbe']],
    ['startup', container['startupProbe']],
    ['postStart', lifecycle['postStart']],
    ['preStop', lifecycle['preStop']],
  ]
  return written.flatMap(([kind, probe]) => healthProbeFrom(kind, fieldsOf(probe)))
}

function healthProbeFrom(kind: HealthProbe['kind'], probe: Fields): HealthProbe[] {
  for (const [field, type] of probeTypes) {
    if (probe[field] === undefined || probe[field] === null) continue
    const action = fieldsOf(probe[field])
    const port = typeof action['port'] === 'string' ? action['port'] : numberOf(action['port'], 0)
    const path = textOf(type === 'grpc' ? action['service'] : action['path'])
    const patience = numberOf(probe['periodSeconds'], 10) * numberOf(probe['failureThreshold'], 3)
    const scheme = type === 'http' ? textOf(action['scheme'], 'HTTP') : ''
    return [{kind, type, port, path, scheme, ...(patience !== defaultPatience && {patienceSeconds: patience})}]
  }
  return []
}

/** The API server's defaults, 10 s and 3 tries (core/v1/defaults.go:SetDefaults_Probe). */
const defaultPatience = 30

const probeTypes: [string, HealthProbe['type']][] = [
  ['httpGet', 'http'],
  ['tcpSocket', 'tcp'],
  ['grpc', 'grpc'],
  ['exec', 'exec'],
]

function waitingText(waiting: Fields): string {
  return [textOf(waiting['reason']), textOf(waiting['message'])].filter(Boolean).join(': ')
}
