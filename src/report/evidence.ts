import type {Endpoint} from '../model/endpoint.ts'
import type {Evidence} from '../model/evidence.ts'

/** The three kinds of evidence: what the objects say, what the proxy was given, what was seen on the wire. */
export type EvidenceClass = 'configured' | 'delivered' | 'observed'

/** A row's evidence of one kind. */
export function evidenceOf({evidence}: Pick<Endpoint, 'evidence'>, wanted: EvidenceClass): Evidence[] {
  return evidence.filter(({kind}) => classOf[kind] === wanted)
}

const classOf: Record<Evidence['kind'], EvidenceClass> = {
  configured: 'configured',
  delivered: 'delivered',
  listener: 'delivered',
  certificate: 'delivered',
  probe: 'observed',
  counter: 'observed',
}
