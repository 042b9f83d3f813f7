import type {Control} from '../model/evidence.ts'
import type {Istiod} from '../model/mesh.ts'
import type {Pod} from '../model/workload.ts'
import type {Ask, Target} from './ask.ts'

/**
 * The two-sided control of a run (live-evidence.md, section 2): istiod's monitoring port answers in plain text, and a port of the same pod
 * where nothing listens does not. The first catches a prober that sees nothing, the second one that sees answers everywhere.
 */
export async function runControls(istiods: readonly Istiod[], pods: readonly Pod[], ask: Ask): Promise<Control[]> {
  const pod = istiodPod(istiods, pods)
  if (pod === undefined)
    return expectations.map(({name, expects}) => ({name, expects, passed: false, detail: 'no ready istiod pod to ask'}))
  return Promise.all(
    expectations.map(async ({name, expects, port, path}) => {
      const {saw, detail} = await ask({...targetOf(pod), port}, 'plain', path)
      const passed =
        expects === 'answer' ? saw === 'plain-text' && detail.startsWith('answered 200 ') : saw === 'inconclusive' || saw === 'closed'
      return {name, expects, passed, detail}
    }),
  )
}

/** Does the open port still answer after the last probe? A prober that broke in between would have called the rest closed. */
export async function runLastControl(istiods: readonly Istiod[], pods: readonly Pod[], ask: Ask): Promise<Control> {
  const [{name, expects, port, path}] = expectations
  const pod = istiodPod(istiods, pods)
  const {saw, detail} =
    pod === undefined ? {saw: 'unread', detail: 'no ready istiod pod to ask'} : await ask({...targetOf(pod), port}, 'plain', path)
  return {name: `${name}, after the last probe`, expects, passed: saw === 'plain-text' && detail.startsWith('answered 200 '), detail}
}

function istiodPod(istiods: readonly Istiod[], pods: readonly Pod[]): Pod | undefined {
  return pods.find((each) => each.ready && !each.terminating && istiods.some((istiod) => isOf(istiod, each)))
}

function targetOf(pod: Pod): Omit<Target, 'port'> {
  return {namespace: pod.namespace, pod: pod.name, address: pod.ips[0] ?? '', strict: false}
}

type Expectation = {name: string; expects: Control['expects']; port: number; path: string}

const expectations: [Expectation, Expectation] = [
  {name: 'open port of istiod (15014)', expects: 'answer', port: 15014, path: 'version'},
  {name: 'closed port of istiod (15998)', expects: 'silence', port: 15998, path: 'version'},
]

function isOf(istiod: Istiod, pod: Pod): boolean {
  return pod.namespace === istiod.namespace && pod.workload.kind === 'Deployment' && pod.workload.name === istiod.name
}

/** Does the pod's own health port answer by the same path? Envoy's 15021 is always plain; 15020 is the agent's. */
export async function isReachable({namespace, pod, address}: Omit<Target, 'port' | 'strict'>, ask: Ask): Promise<boolean> {
  for (const port of [15021, 15020]) {
    const {saw} = await ask({namespace, pod, address, port, strict: false}, 'plain', 'healthz/ready')
    if (saw === 'plain-text') return true
  }
  return false
}
