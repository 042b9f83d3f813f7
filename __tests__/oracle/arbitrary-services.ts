import fc from 'fast-check'
import type {KubeObject} from '../../src/io/io.ts'

/** Services as the API server holds them, defaults filled in: named and numeric target ports, UDP, headless, without selector. */
export const services: fc.Arbitrary<KubeObject[]> = fc
  .uniqueArray(
    fc.record({
      where: fc.constantFrom('shop', 'bank'),
      name: fc.constantFrom('cart', 'pay', 'web'),
      headless: fc.boolean(),
      selector: fc.constantFrom({app: 'cart'}, {app: 'pay'}, {app: 'cart', version: 'v1'}, {version: 'v2'}, undefined),
      ports: fc.uniqueArray(
        fc.record({
          name: fc.constantFrom('http', 'http-admin', 'tcp-db', 'grpc', 'https', 'plain'),
          port: fc.constantFrom(80, 443, 8080, 9090),
          targetPort: fc.constantFrom(80, 8080, 9090, 'web', 'admin', 'nowhere'),
          protocol: fc.constantFrom('TCP', 'TCP', 'TCP', 'UDP'),
        }),
        {minLength: 1, maxLength: 2, selector: ({port}) => port},
      ),
    }),
    {maxLength: 3, selector: ({where, name}) => `${where}/${name}`},
  )
  .map((sketches) => sketches.map(service))

/** Sidecars with ingress listeners: what they declare, Services no longer do (rule 17). */
export const sidecars: fc.Arbitrary<KubeObject[]> = fc
  .uniqueArray(
    fc.record({
      where: fc.constantFrom('shop', 'bank', 'istio-system'),
      name: fc.constantFrom('default', 'narrow'),
      second: fc.integer({min: 1, max: 2}),
      labels: fc.constantFrom(undefined, {app: 'cart'}, {version: 'v2'}),
      ingress: fc.uniqueArray(
        fc.record({number: fc.constantFrom(80, 8080, 9090), protocol: fc.constantFrom('HTTP', 'TCP', 'HTTPS'), tls: fc.boolean()}),
        {maxLength: 2, selector: ({number}) => number},
      ),
    }),
    {maxLength: 2, selector: ({where, name}) => `${where}/${name}`},
  )
  .map((sketches) => sketches.map(sidecar))

type SketchOf<T> = T extends (sketch: infer S, ...rest: never[]) => KubeObject ? S : never
export type ServiceSketch = SketchOf<typeof service>

function service(
  {
    where,
    name,
    headless,
    selector,
    ports,
  }: {
    where: string
    name: string
    headless: boolean
    selector: object | undefined
    ports: {name: string; port: number; targetPort: number | string; protocol: string}[]
  },
  index: number,
): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {name, namespace: where, creationTimestamp: '2026-11-22T17:00:00Z'},
    spec: {
      type: 'ClusterIP',
      clusterIP: headless ? 'None' : `10.96.0.${index + 10}`,
      ...(selector && {selector}),
      ports: ports.map((port, at) => ({...port, name: `${port.name}-${at}`})),
    },
  }
}

function sidecar({
  where,
  name,
  second,
  labels,
  ingress,
}: {
  where: string
  name: string
  second: number
  labels: object | undefined
  ingress: {number: number; protocol: string; tls: boolean}[]
}): KubeObject {
  return {
    apiVersion: 'networking.istio.io/v1',
    kind: 'Sidecar',
    metadata: {name, namespace: where, creationTimestamp: `2026-11-22T18:00:0${second}Z`},
    spec: {
      ...(labels && {workloadSelector: {labels}}),
      ...(ingress.length > 0 && {ingress: ingress.map(ingressListener)}),
      egress: [{hosts: ['*/*']}],
    },
  }
}

function ingressListener({number, protocol, tls}: {number: number; protocol: string; tls: boolean}) {
  return {
    port: {number, protocol, name: `${protocol.toLowerCase()}-${number}`},
    defaultEndpoint: '127.0.0.1:8080',
    ...(tls && {tls: {mode: 'SIMPLE', serverCertificate: '/etc/cert.pem', privateKey: '/etc/key.pem'}}),
  }
}
