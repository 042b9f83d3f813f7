import type {Io, KubeObject} from '../io/io.ts'
import {messageOf} from '../model/failure.ts'

/** State of `observe/prober-pods.ts`: which probers a run made, or ''. */
export const proberState = 'prober'

/**
 * Removes the probers of a run that was killed, and their namespace if a run had made it and no other pod stands there. One sentence for what was
 * done; what fails ends by the pods' own deadline, and the next run removes it.
 */
export async function mendProber(state: unknown, io: Pick<Io, 'files' | 'connect' | 'clock'>): Promise<string[]> {
  const probers = probersFrom(state)
  if (probers === null) return []
  const {kubeconfig, namespace, names} = probers
  const pods = `/api/v1/namespaces/${namespace}/pods`
  try {
    const text = await io.files.readText(kubeconfig)
    // The run that wrote it was let through with the same cluster; a refusal here would only leave its pods behind.
    const kube = await io.connect({kubeconfig: text, context: '', insecureSkipTlsVerify: true, deadline: io.clock.ticks() + patienceMs})
    try {
      let removed = 0
      for (const name of names) if (await kube.remove(`${pods}/${name}`)) removed++
      if (isOurs(await kube.find(`/api/v1/namespaces/${namespace}`))) {
        const others = await kube.list(pods, ({metadata}) => (names.includes(metadata.name) ? null : metadata.name))
        if (others.length === 0) await kube.remove(`/api/v1/namespaces/${namespace}`)
      }
      return removed === 0 ? [] : [`The prober of a killed run in namespace ${namespace} was removed.`]
    } finally {
      kube.close()
    }
  } catch (thrown) {
    return [
      `The prober in namespace ${namespace} could not be removed (${messageOf(thrown)}); it ends by itself, and the next run removes it.`,
    ]
  }
}

const patienceMs = 15_000

/** The labels of a namespace that a run made (observe/prober-namespace.ts). */
function isOurs(namespace: KubeObject | null): boolean {
  const {labels = {}} = namespace?.metadata ?? {}
  return labels['app.kubernetes.io/managed-by'] === 'istio-mtls-action' && labels['app.kubernetes.io/component'] === 'prober'
}

function probersFrom(state: unknown): {kubeconfig: string; namespace: string; names: string[]} | null {
  const {kubeconfig, namespace, names} = (state ?? {}) as Record<string, unknown>
  const isProber = (name: unknown): name is string => typeof name === 'string' && /^istio-mtls-prober-[a-z0-9-]+$/.test(name)
  if (typeof kubeconfig !== 'string' || typeof namespace !== 'string' || !/^[a-z0-9-]+$/.test(namespace) || !Array.isArray(names))
    return null
  return {kubeconfig, namespace, names: names.filter(isProber)}
}
