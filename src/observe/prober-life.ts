import {randomBytes} from 'node:crypto'
import type {Dial, Io, Kube, KubeObject, Tunnel} from '../io/io.ts'
import {Failure, KubeFailure, messageOf} from '../model/failure.ts'
import {proberPort} from './prober-envoy.ts'
import type {ProberNamespace} from './prober-namespace.ts'
import {proberPod, proberUserId} from './prober-pod.ts'
import {endsAt} from './prober-sweep.ts'
import {type ProberState, proberState} from './prober-trouble.ts'

/** A prober that runs and takes connections. */
export interface LivingProber {
  dial: Dial
  close(): void
}

/** What to start: `meshedBy` is the injector's revision for a prober inside the mesh, null for one outside. */
export interface ProberPlan extends Pick<ProberNamespace, 'choosesUserIds'> {
  namespace: string
  name: string
  image: string
  imagePullSecrets: readonly string[]
  run: string
  meshedBy: string | null
  lifetimeS: number
}

/** A name that no other run uses. */
export function proberName(meshedBy: string | null): string {
  return `istio-mtls-prober-${meshedBy === null ? '' : 'meshed-'}${randomBytes(5).toString('hex')}`
}

/** Creates a prober pod and waits until its Envoy takes connections; throws a `Failure` with the pod's own reason when it does not. The caller removes the pod. */
export async function startProber(plan: ProberPlan, kube: Kube, io: Pick<Io, 'clock' | 'wire' | 'cancelled'>): Promise<LivingProber> {
  const {namespace, name, meshedBy} = plan
  await created(plan, kube, io)
  const pod = await whenReady(plan, kube, io)
  if (meshedBy !== null && !isInjected(pod)) {
    throw new Failure(`The meshed prober \`${namespace}/${name}\` got no sidecar from the injector of revision \`${meshedBy}\`.`, {
      cure: `See that no label of namespace \`${namespace}\` (\`istio-injection\`, \`istio.io/rev\`) keeps the injector from pods that ask for it.`,
      entry: 'prober-not-injected',
    })
  }
  const tunnel = io.wire.tunnel(() => kube.forward({namespace, pod: name, port: proberPort}, {timeoutMs: 10_000}))
  await whenListening(tunnel, plan, io)
  return {dial: tunnel.dial, close: tunnel.close}
}

async function created(plan: ProberPlan, kube: Kube, io: Pick<Io, 'clock'>): Promise<void> {
  const {namespace, name, choosesUserIds, lifetimeS} = plan
  const pod = proberPod({...plan, userId: choosesUserIds ? null : proberUserId})
  const ends = new Date(io.clock.now().getTime() + (lifetimeS + 60) * 1000).toISOString()
  const annotated = {...pod, metadata: {...pod.metadata, annotations: {...pod.metadata.annotations, [endsAt]: ends}}}
  try {
    await kube.create(`/api/v1/namespaces/${namespace}/pods`, annotated)
  } catch (thrown) {
    const cure =
      thrown instanceof KubeFailure && /cannot create resource/.test(thrown.message)
        ? 'Grant `create, get, list, delete` on `pods` and `get, create` on `pods/portforward` there (`rbac/prober.yaml`).'
        : `Let the policy that refused it (Pod Security, Kyverno, Gatekeeper) admit the pod in namespace \`${namespace}\`, or set \`prober-namespace\` to one where it is admitted.`
    throw new Failure(`The prober \`${namespace}/${name}\` was refused: ${messageOf(thrown)}`, {
      cure,
      entry: 'prober-refused',
      cause: thrown,
    })
  }
}

async function whenReady(plan: ProberPlan, kube: Kube, io: Pick<Io, 'clock' | 'cancelled'>): Promise<KubeObject> {
  const path = `/api/v1/namespaces/${plan.namespace}/pods/${plan.name}`
  const until = io.clock.ticks() + readyMs
  for (;;) {
    const pod = await kube.get(path)
    const state = proberState(pod)
    if (state.is === 'ready') return pod
    if (state.is === 'failed' || io.clock.ticks() >= until) throw notReady(plan, state)
    await io.clock.sleep(500, io.cancelled)
  }
}

function notReady({namespace, name, image}: ProberPlan, state: Exclude<ProberState, {is: 'ready'}>): Failure {
  const reason = state.says === '' ? 'no reason is given' : state.says
  if (state.is === 'failed' && state.entry === 'prober-image') {
    return new Failure(`The prober \`${namespace}/${name}\` cannot start from image \`${image}\`: ${reason}`, {
      cure: 'Set `prober-image` to a proxy image that the nodes can pull, and `image-pull-secrets` to the names of the Secrets that it takes there.',
      entry: 'prober-image',
    })
  }
  if (state.is === 'failed') {
    return new Failure(`The prober \`${namespace}/${name}\` ended before it was of use: ${reason}`, {
      cure: 'See why with `kubectl describe pod`; an image given as `prober-image` must hold `/usr/local/bin/envoy`.',
      entry: 'prober-ended',
    })
  }
  return new Failure(`The prober \`${namespace}/${name}\` was not ready within ${readyMs / 1000} s: ${reason}`, {
    cure: 'Make room for a pod that asks for 10m CPU and 32Mi memory, or set `prober-namespace` to one whose quota and node selectors allow it.',
    entry: 'prober-not-ready',
  })
}

/** Envoy listens a moment after its container runs; a refused connection to a port where nobody listens shows that it dials. */
async function whenListening({dial, close}: Tunnel, {namespace, name}: ProberPlan, io: Pick<Io, 'clock' | 'cancelled'>): Promise<void> {
  const until = io.clock.ticks() + listeningMs
  for (;;) {
    try {
      await dial('127.0.0.1', 1, {timeoutMs: 2000})
      return
    } catch (thrown) {
      if (thrown instanceof KubeFailure && thrown.status === 403) {
        close()
        throw new Failure(`The prober \`${namespace}/${name}\` cannot be reached: ${thrown.message}`, {
          cure: `Grant \`get, create\` on \`pods/portforward\` in namespace \`${namespace}\` (\`rbac/prober.yaml\`).`,
          entry: 'prober-refused',
          cause: thrown,
        })
      }
      if (io.clock.ticks() >= until) {
        close()
        throw new Failure(`The prober \`${namespace}/${name}\` runs but takes no connection: ${messageOf(thrown)}`, {
          cure: 'See its log with `kubectl logs`; an image given as `prober-image` must hold an Envoy that takes `--config-yaml`.',
          entry: 'prober-ended',
          cause: thrown,
        })
      }
      await io.clock.sleep(300, io.cancelled)
    }
  }
}

function isInjected({metadata}: KubeObject): boolean {
  return metadata.annotations?.['sidecar.istio.io/status'] !== undefined
}

const readyMs = 120_000
const listeningMs = 20_000
