import {globSync} from 'node:fs'
import {basename} from 'node:path'
import {endpoints} from '../../src/derive/endpoints.ts'
import {whoMayCall} from '../../src/derive/who-may-call.ts'
import {read} from '../../src/model/part.ts'
import type {Snapshot} from '../../src/model/snapshot.ts'
import type {Pod} from '../../src/model/workload.ts'
import {fixture} from '../helpers/fixture.ts'
import {results} from '../helpers/found.ts'

const files = globSync(`${import.meta.dirname}/../fixtures/checks/*.yaml`).sort()

/** Neighbours that are alike are judged as one (derive/alike-pods.ts): that must show nowhere. */
test.each(files.map((file) => [basename(file, '.yaml'), file]))(
  'the pods of %s and their twins: next to each other they are judged as apart',
  (_, file) => {
    const {snapshot} = fixture(file)
    const pods = snapshot.pods.read ? snapshot.pods.value : []
    const judged = (some: Pod[]) => {
      const world: Snapshot = {...snapshot, pods: read(some)}
      return {results: results(world), rows: endpoints(world), calls: whoMayCall(world)}
    }
    const besides = judged(pods.flatMap((pod) => [pod, twin(pod)]))
    const apart = judged([...pods, ...pods.map((pod) => structuredClone(twin(pod)))])
    expect(besides).toEqual(apart)
  },
)

function twin(pod: Pod): Pod {
  return {...pod, name: `${pod.name}-twin`, uid: 'twin', ips: pod.ips.map((ip) => (ip.includes(':') ? 'fd00::99' : '10.0.0.99'))}
}
