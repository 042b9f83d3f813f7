import type {Delivered, InboundChain, ProxySync, RunningProxy} from '../../src/model/delivered.ts'
import {read, unread} from '../../src/model/part.ts'
import type {Certificate} from '../../src/model/root.ts'

/** The test-only kind `Delivered`: what is well is left out. */
export interface DeliveredSpec {
  withheld?: Partial<Delivered['withheld']>
  replicas?: {pod: string; policies?: {namespace: string; name: string; generation: number}[]; unread?: string}[]
  proxies: {
    namespace: string
    pod: string
    asked?: boolean
    /** null: connected to no istiod. */
    sync?: (Partial<Omit<ProxySync, 'listeners'>> & {listeners?: Partial<ProxySync['listeners']>}) | null
    unread?: string
    /** What each port's chains accept, `*` for ports without a chain of their own; `STRICT` everywhere unless told. */
    ports?: Record<string, Mode>
    updatedAt?: string
    stuck?: RunningProxy['stuck']
    certificate?: Partial<RunningProxy['certificate']> | null
    roots?: Partial<Certificate>[]
    counters?: Partial<RunningProxy['counters']>
  }[]
}

type Mode = 'STRICT' | 'PERMISSIVE' | 'DISABLE' | 'TLS'

/** The part as observe would have read it; the root is that of `fixtures/base.yaml` unless told. */
export function deliveredFrom({withheld, replicas = [], proxies}: DeliveredSpec): Delivered {
  return {
    withheld: {deliver: '', inspect: '', ...withheld},
    replicas: replicas.map(({pod, policies = [], unread: reason}) => ({
      ...{namespace: 'istio-system', pod, revision: 'default'},
      state: reason === undefined ? read({policies, proxies: proxies.length}) : unread(reason),
    })),
    proxies: proxies.map((proxy) => ({
      namespace: proxy.namespace,
      pod: proxy.pod,
      asked: proxy.asked ?? true,
      sync: proxy.sync === null ? null : syncFrom(proxy.sync ?? {}),
      running: proxy.unread === undefined ? read(runningFrom(proxy)) : unread(proxy.unread),
    })),
    propagation: null,
  }
}

function syncFrom({listeners, ...more}: NonNullable<DeliveredSpec['proxies'][number]['sync']>): ProxySync {
  return {
    ...{replica: 'istiod-1', version: '1.31.1', errors: []},
    ...more,
    listeners: {sent: 'a', acked: 'a', sentAt: '2026-11-22T19:00:00Z', ...listeners},
  }
}

function runningFrom(proxy: DeliveredSpec['proxies'][number]): RunningProxy {
  const modes: Record<string, Mode> = {'*': 'STRICT', ...proxy.ports}
  const own = {
    ...{uris: [`spiffe://cluster.local/ns/${proxy.namespace}/sa/${proxy.pod.split('-')[0]}`], serial: '0a1b'},
    ...{notBefore: '2026-11-22T18:00:00Z', notAfter: '2026-11-23T18:00:00Z', root: baseRoot},
  }
  return {
    listeners: [
      {
        name: 'virtualInbound',
        port: 15006,
        updatedAt: proxy.updatedAt ?? '2026-11-22T19:00:00Z',
        chains: [
          {name: 'virtualInbound-blackhole', port: 15006, any: false, accepts: 'plain-text'},
          ...Object.entries(modes).flatMap(([port, mode]) => chainsFor(port === '*' ? null : Number(port), mode)),
        ],
      },
    ],
    stuck: proxy.stuck ?? [],
    certificate: proxy.certificate === null ? null : {...own, ...proxy.certificate},
    roots: (proxy.roots ?? [{}]).map((root) => ({
      ...{fingerprint: baseRoot, subject: 'O=cluster.local', notBefore: '2026-01-01T00:00:00Z', notAfter: '2036-01-01T00:00:00Z'},
      ...{keyType: 'rsa', keyBits: 2048},
      ...root,
    })),
    counters: {windowMs: 3_600_000, traffic: [], refused: null, ...proxy.counters},
  }
}

function chainsFor(port: number | null, mode: Mode): InboundChain[] {
  const accepts: InboundChain['accepts'][] = {
    STRICT: ['mutual-tls' as const],
    PERMISSIVE: ['mutual-tls' as const, 'plain-text' as const],
    DISABLE: ['plain-text' as const],
    TLS: ['tls' as const],
  }[mode]
  return accepts.map((each) => ({name: port === null ? 'virtualInbound' : `0.0.0.0_${port}`, port, any: false, accepts: each}))
}

/** SHA-256 of the root in `fixtures/base.yaml`. */
const baseRoot = '2B:CC:D9:BE:22:94:40:7E:CE:37:F7:7C:3C:13:8F:82:0E:B0:24:A8:37:07:61:61:11:F3:4C:7F:59:E6:40:23'
