import type {Probes} from '../model/evidence.ts'
import type {Sightings} from './sightings.ts'

/** May a prober accuse an ambient pod? Processes of its own node are let in whatever the policies say, an ordinary pod never is (rule 46). */
export function isJudgeOfAmbient(by: Probes['by'] | null): boolean {
  return by === 'pod' || by === 'mesh'
}

/** Why no probe proves an ambient port, as one clause (rules 46 and 67; live-evidence.md, section 1: port 15008 speaks for HBONE alone). */
export function ambientText({by, void: reason}: Pick<Sightings, 'by' | 'void'>): string {
  if (reason !== '') return reason
  if (by === 'api-server') {
    return "the API server may stand on the pod's own node, whose processes ambient lets in: nothing that it sees there counts"
  }
  if (by === 'direct') return "the runner may be a process of the pod's own node, which ambient lets in: nothing that it sees there counts"
  return "no plain request was answered, but that ztunnel demands mutual TLS only ztunnel's own configuration can prove"
}
