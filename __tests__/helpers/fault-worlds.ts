import {spawnSync} from 'node:child_process'
import {join} from 'node:path'
import type {Bed} from '../../testbed/bed.ts'
import {shopManifest} from '../../testbed/shop.ts'
import {faultyRun} from './faulty-run.ts'

/** The shop as wanted, or with the exception that lets plain text in. */
export type World = 'healthy' | 'broken'

/** Brings the shop with all its callers in the mesh about, STRICT; `broken` adds the permissive exception. Idempotent. */
export async function makeWorld(bed: Bed, toolCache: string, world: World = 'healthy'): Promise<void> {
  const kubectl = (args: string[], input = '') => {
    const {status, stderr} = spawnSync(join(bed.bin, 'kubectl'), ['--kubeconfig', bed.kubeconfig, ...args], {input, encoding: 'utf8'})
    if (status !== 0) throw new Error(`kubectl ${args.join(' ')}: ${stderr}`)
  }
  const installed =
    spawnSync(join(bed.bin, 'kubectl'), ['--kubeconfig', bed.kubeconfig, '-n', 'istio-system', 'get', 'deployment', 'istiod']).status === 0
  if (!installed) await faultyRun(bed, null, {mode: 'enforce', timeout: '90s', deadline: '180s', rollout: 'immediate'}, toolCache)
  for (const name of ['shop', 'fixed'] as const) kubectl(['apply', '-f', '-'], shopManifest(name, bed))
  for (const namespace of ['shop', 'legacy'])
    kubectl(['-n', namespace, 'wait', 'deployment', '--all', '--for=condition=Available', '--timeout=180s'])
  for (const namespace of ['shop', 'legacy']) kubectl(['-n', namespace, 'rollout', 'status', 'deployment', '--timeout=120s'])
  if (world === 'broken') kubectl(['apply', '-f', '-'], shopManifest('broken', bed))
  else kubectl(['delete', '--ignore-not-found', '-f', '-'], shopManifest('broken', bed))
}
