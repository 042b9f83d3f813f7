import type {Ref} from '../model/ref.ts'
import type {Certificate, DistributedRoots} from '../model/root.ts'
import {refOf} from './subject.ts'

/** The ConfigMap that holds the roots of a namespace. */
export function rootsRef(roots: Pick<DistributedRoots, 'namespace' | 'file' | 'line'>): Ref {
  return refOf('ConfigMap', {...roots, name: 'istio-ca-root-cert'})
}

/** A root as people tell it from another: its subject, and enough of its SHA-256 fingerprint, for Istio's own roots share one subject. */
export function rootName({subject, fingerprint}: Certificate): string {
  return `\`${subject}\` (\`${fingerprint.slice(0, 11)}…\`)`
}
