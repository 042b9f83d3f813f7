import {type AgentChart, type Found, type FoundAgent, istioNamespace} from './found.ts'
import type {Kube, KubeObject} from '../io/io.ts'
import type {Inputs} from '../model/inputs.ts'
import type {Problem} from '../model/problem.ts'
import {ownerOf, ownerText} from './owner.ts'
import {type ReleasePlan, releasePlan} from './release-plan.ts'

export type AgentWish = Pick<Inputs, 'profile' | 'platform' | 'cniValues' | 'takeOver'>

/**
 * The charts of the data plane that a wish needs: both for ambient; the CNI agent alone where sidecars shall do without `istio-init`:
 * on OpenShift, whose pods may not have it, and wherever `cni-values` asks for the agent.
 */
export function agentCharts({profile, platform, cniValues}: Omit<AgentWish, 'takeOver'>): AgentChart[] {
  if (profile === 'ambient') return ['cni', 'ztunnel']
  return platform === 'openshift' || cniValues !== '' ? ['cni'] : []
}

/** Namespace of the agents: OpenShift lets privileged pods run in kube-system alone (charts' install-OpenShift.md; trustedZtunnelNamespace). */
export function agentNamespace(platform: string): string {
  return platform === 'openshift' ? 'kube-system' : istioNamespace
}

/** Reads the agents of a cluster, whoever made them, from every namespace. */
export async function findAgents(kube: Kube): Promise<FoundAgent[]> {
  const found = await Promise.all(
    Object.entries(agentPaths).map(([chart, path]) => kube.list(path, (item) => agentFrom(chart as AgentChart, item))),
  )
  return found.flat()
}

/** Labels that the charts set (istio-cni and ztunnel, templates/daemonset.yaml). */
export const agentPaths: Record<AgentChart, string> = {
  cni: '/apis/apps/v1/daemonsets?labelSelector=k8s-app%3Distio-cni-node',
  ztunnel: '/apis/apps/v1/daemonsets?labelSelector=app.kubernetes.io%2Fname%3Dztunnel',
}

/** The agents' releases, in Istio's order, and what forbids them. */
export function planAgents(wish: AgentWish, found: Found): {releases: ReleasePlan[]; problems: Problem[]} {
  const namespace = agentNamespace(wish.platform)
  const problems: Problem[] = []
  const releases = agentCharts(wish).map((chart) => {
    const name = agentReleases[chart]
    const agent = found.agents.find((each) => each.chart === chart)
    const isPresent = agent !== undefined && agent.namespace === namespace
    const release = releasePlan(chart, name, found, isPresent, namespace, isPresent ? agent.createdAt : '')
    if (agent === undefined || (isOurs(agent, name, namespace) && release.mark !== null)) return release
    const adoptable =
      agent.namespace === namespace && agent.owner.by !== 'operator' && (agent.owner.by !== 'helm' || isOurs(agent, name, namespace))
    if (wish.takeOver && adoptable) return {...release, adopt: true}
    problems.push({
      says: `DaemonSet \`${agent.namespace}/${agent.name}\` runs here already and belongs to ${ownerText(agent.owner)}.`,
      cure: adoptable
        ? 'Set `take-over: true` to let this action manage it from now on, or `install: never` to leave all as it is.'
        : 'Set `install: never` to enforce mutual TLS on what is there: one node takes one such agent.',
      entry: 'foreign-installation',
    })
    return release
  })
  return {releases, problems}
}

/** Names that Istio's documentation gives the releases. */
export const agentReleases: Record<AgentChart, string> = {cni: 'istio-cni', ztunnel: 'ztunnel'}

function isOurs({owner}: FoundAgent, release: string, namespace: string): boolean {
  return owner.by === 'helm' && owner.release === release && owner.namespace === namespace
}

function agentFrom(chart: AgentChart, daemonSet: KubeObject): FoundAgent {
  const {namespace = '', name, creationTimestamp = ''} = daemonSet.metadata
  return {chart, namespace, name, owner: ownerOf(daemonSet), createdAt: creationTimestamp}
}
