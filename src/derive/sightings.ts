import type {MeshCall, PortProbe, Probes, ProbeAnswer, Sighting} from '../model/evidence.ts'
import type {Part} from '../model/part.ts'
import type {Pod} from '../model/workload.ts'
import {byPod} from './by-pod.ts'

/** The probes of a run, found by pod. */
export interface Sightings {
  /** Why no probe of this run can prove anything, as one clause; '' when they can. */
  void: string
  /** Who asked; null when nobody did. */
  by: Probes['by'] | null
  of(pod: Pick<Pod, 'namespace' | 'name'>): readonly PortProbe[]
  /** What a client inside the mesh met at one port of a pod, asked through Services. */
  callsTo(pod: Pick<Pod, 'namespace' | 'name'>, port: number | null): readonly MeshCall[]
}

/** Files a run's probes by pod; without both controls passed, silence proves nothing (live-evidence.md, section 2). */
export function sightingsOf(probes: Part<Probes>): Sightings {
  if (!probes.read) return {void: `the live probes were not read (${probes.reason})`, by: null, of: () => nothing, callsTo: () => nothing}
  const {by, controls, ports, mesh = []} = probes.value
  const calls = byPod(mesh.flatMap((call) => call.pods.map(({name, port}) => ({namespace: call.namespace, pod: name, port, call}))))
  return {
    void: controlsText(controls),
    by,
    of: byPod(ports),
    callsTo: (pod, port) => [...new Set(calls(pod).flatMap((each) => (each.port === port ? [each.call] : [])))],
  }
}

const nothing: readonly never[] = []

function controlsText(controls: Probes['controls']): string {
  const failed = controls.filter(({passed}) => !passed)
  if (failed.length > 0) return `the prober's own control failed (${failed.map(({name, detail}) => `${name}: ${detail}`).join('; ')})`
  const sides = new Set(controls.map(({expects}) => expects))
  return sides.size === 2 ? '' : 'the prober had no two-sided control'
}

/** True when either probe was answered in plain text: self-evident, no control needed. */
export function sawPlainText({tls, plain}: PortProbe): boolean {
  return tls?.saw === 'plain-text' || plain?.saw === 'plain-text'
}

/**
 * True when one address demanded a client certificate and closed the plain connection without an answer (live-evidence.md, section 1).
 * Where the served certificate was seen, it must be this very pod's: an application's own mutual TLS looks alike but for that.
 */
export function demandsMutualTls({tls, plain}: PortProbe): boolean {
  return tls?.saw === 'client-certificate' && plain?.saw === 'closed' && (tls.served?.doubt ?? '') === ''
}

/** What both probes saw, in words. */
export function sightingText({tls, plain}: PortProbe): string {
  const parts = [
    ...(tls ? [`a TLS client without a certificate ${words[tls.saw]}${servedText(tls)}`] : []),
    ...(plain ? [`a plain request ${words[plain.saw]}`] : []),
  ]
  return parts.length > 0 ? parts.join('; ') : 'nothing was sent'
}

function servedText({served}: ProbeAnswer): string {
  if (served === undefined) return ''
  return served.doubt === '' ? ` by \`${served.uris[0] ?? ''}\`` : `, but ${served.doubt}`
}

/** The later of both answers' moments. */
export function sightingTime({tls, plain}: PortProbe): string {
  return (
    [tls, plain]
      .flatMap((answer: ProbeAnswer | null) => (answer ? [answer.at] : []))
      .sort()
      .at(-1) ?? ''
  )
}

const words: Record<Sighting, string> = {
  'plain-text': 'was answered in plain text',
  'client-certificate': 'was asked for its certificate',
  tls: 'was let in without a certificate',
  'foreign-tls': "met the application's own TLS",
  closed: 'was closed without an answer',
  inconclusive: 'got no conclusive answer',
  unread: 'could not be sent',
}
