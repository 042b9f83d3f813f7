import type {Dial, Io, Kube} from '../io/io.ts'
import {messageOf} from '../model/failure.ts'
import type {Mesh} from '../model/mesh.ts'
import {injectedProxyImage} from './prober-image.ts'
import {type LivingProber, proberName, startProber} from './prober-life.ts'
import {type ProberNamespace, proberNamespace} from './prober-namespace.ts'
import type {ProberOptions} from './prober-options.ts'
import {sweepProbers} from './prober-sweep.ts'

/** What to open: one prober outside the mesh, with `meshed` a second one inside it; `deadline` of the run in clock ticks. */
export interface PodsPlan {
  options: ProberOptions
  mesh: Pick<Mesh, 'namespace' | 'revision'>
  meshed: boolean
  deadline: number
}

/** The probers of a run, and the way to get rid of them. */
export interface StartedPods {
  dial: Dial
  meshDial: Dial | null
  close(): Promise<void>
}

/** Starts the probers of a run, recorded for `post` before they exist; what was made is removed again when one does not come up. */
export async function openPods({options, mesh, meshed, deadline}: PodsPlan, kube: Kube, io: Io): Promise<StartedPods> {
  const {namespace} = options
  const revisions = meshed ? [null, mesh.revision] : [null]
  const names = revisions.map(proberName)
  const image = options.image || (await injectedProxyImage(mesh, kube)) || options.fallbackImage
  const lifetimeS = Math.ceil(Math.min(Math.max((deadline - io.clock.ticks()) / 1000, 60), longestLifeS))
  // A private copy, for `post` has nothing else to reach the cluster by after a kill.
  const kubeconfig = await io.kubeconfigs.write(kube.kubeconfig, '')
  const record = (state: object | null) => io.runner.saveState(proberState, state === null ? '' : JSON.stringify(state))
  record({kubeconfig, namespace, names})

  let found: ProberNamespace | null = null
  const living: LivingProber[] = []
  const close = async () => {
    for (const each of living) each.close()
    // What could not be removed stays on record: `post` tries again, with time of its own.
    if (found === null || (await removed({namespace, names, made: found.made}, kube, io))) record(null)
  }
  try {
    found = await proberNamespace(namespace, meshed, kube, io)
    await sweepProbers(namespace, kube, io)
    const {choosesUserIds} = found
    io.log.detail(`starting ${names.length === 1 ? 'a prober' : 'two probers'} from ${image} in namespace ${namespace}`)
    const {imagePullSecrets} = options
    const run = io.runner.env['GITHUB_RUN_ID'] ?? ''
    const started = await Promise.allSettled(
      revisions.map(async (meshedBy, at) => {
        const plan = {namespace, name: names[at] ?? '', image, imagePullSecrets, run, meshedBy, lifetimeS, choosesUserIds}
        const prober = await startProber(plan, kube, io)
        living.push(prober)
        return prober.dial
      }),
    )
    const failed = started.find((each) => each.status === 'rejected')
    if (failed !== undefined) throw failed.reason
    const [dial, meshDial = null] = started.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []))
    return {dial: dial as Dial, meshDial, close}
  } catch (thrown) {
    await close()
    throw thrown
  }
}

/** Never throws: a prober that stays (then false) is ended by the kubelet at its deadline, and the next run removes it. */
async function removed(
  made: {namespace: string; names: readonly string[]; made: boolean},
  kube: Kube,
  io: Pick<Io, 'log'>,
): Promise<boolean> {
  const {namespace, names} = made
  try {
    for (const name of names) await kube.remove(`/api/v1/namespaces/${namespace}/pods/${name}`)
    if (!made.made) return true
    const others = await kube.list(`/api/v1/namespaces/${namespace}/pods`, ({metadata}) =>
      names.includes(metadata.name) ? null : metadata.name,
    )
    if (others.length === 0) await kube.remove(`/api/v1/namespaces/${namespace}`)
    return true
  } catch (thrown) {
    io.log.annotate('warning', `The prober in namespace ${namespace} could not be removed: ${messageOf(thrown)}. It ends by itself.`)
    return false
  }
}

/** Name of the runner state that tells `post` (install/mend.ts) which probers this run made: `{kubeconfig, namespace, names}`, or ''. */
const proberState = 'prober'

/** Half an hour of probing is more than any cluster took; a killed run's prober shall not outlive it long. */
const longestLifeS = 1800
