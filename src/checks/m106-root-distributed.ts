import {dataPlane} from '../derive/membership.ts'
import {meshFor} from '../derive/mesh-for.ts'
import {meshRoots, otherDistribution} from '../derive/mesh-roots.ts'
import {check, finding, type PartialFinding} from '../model/check.ts'
import type {Mesh} from '../model/mesh.ts'
import type {Ref} from '../model/ref.ts'
import type {DistributedRoots} from '../model/root.ts'
import type {Pod} from '../model/workload.ts'
import {restart} from './fix.ts'
import {distinctPodsInScope} from './in-scope.ts'
import {rootName, rootsRef} from './roots-ref.ts'
import {type ReadProxy, readProxies} from './served-certificates.ts'
import {rowId, workloadList, workloadRef} from './subject.ts'

/** Each namespace with proxies was given a root of its mesh; sets that meet are enough, for a rotation hands out two (rule 64). */
export const rootDistributed = check({
  code: 'M106',
  slug: 'm106-root-distributed',
  severity: 'error',
  needs: ['mesh', 'controlPlane', 'namespaces', 'pods', 'roots'],
  uses: ['delivered'],
  title: "Every namespace trusts the mesh's root",
  failure: "A namespace does not trust the mesh's root",
  why: 'A proxy that trusts another root refuses istiod and its peers, or accepts identities that this mesh never issued.',
  hint: 'Delete the ConfigMap, so that istiod writes it anew, and stop whatever else writes it.',
  skip: (asked) => (asked.manifests ? 'manifests hold no root: istiod writes it into a running cluster' : null),
  run({mesh, controlPlane, namespaces, pods, roots}, {asked}, {delivered}) {
    const proxies = distinctPodsInScope(pods, asked, mesh).filter((pod) => mounting.has(dataPlane(pod)))
    const leaving = new Set(namespaces.filter(({phase}) => phase === 'Terminating').map(({name}) => name))
    const findings = [...Map.groupBy(proxies, ({namespace}) => namespace)].flatMap(([namespace, group]) => {
      const own = roots.find((each) => each.namespace === namespace) ?? null
      const meshes = [...new Map(group.map((pod) => meshFor(pod, mesh)).map((each) => [each.namespace, each])).values()]
      const watched = meshes.filter((each) => otherDistribution(each, controlPlane) === '')
      // istiod writes nothing into a namespace that is being deleted.
      if (own === null && leaving.has(namespace)) return []
      return watched.flatMap((each) => fault(namespace, own, each, meshRoots(each, roots), group)).slice(0, 1)
    })
    const strangers = (delivered.read ? readProxies(delivered.value, pods, asked, mesh) : []).flatMap((proxy) =>
      otherDistribution(proxy.mesh, controlPlane) === '' ? strangerFault(proxy, meshRoots(proxy.mesh, roots)) : [],
    )
    // Several namespaces may miss the same root, and several pods of a workload.
    return [
      ...new Map(
        [...findings, ...strangers].map((one) => [
          `${one.subject.namespace} ${one.subject.kind === 'ConfigMap' ? '' : one.subject.name} ${one.message}`,
          one,
        ]),
      ).values(),
    ]
  },
})

/** Who mounts the ConfigMap: ztunnel does so for ambient pods, in its own namespace. */
const mounting = new Set(['sidecar', 'gateway', 'waypoint', 'proxyless'])

function fault(
  namespace: string,
  own: DistributedRoots | null,
  mesh: Mesh,
  wanted: DistributedRoots | null,
  pods: Pod[],
): PartialFinding[] {
  if (wanted === null) {
    const subject: Ref = rootsRef({namespace: mesh.rootNamespace})
    return [finding(subject, 'is missing: nothing says which root this mesh has', {fix: askIstiod(mesh), hint: missingHint})]
  }
  const endpoints = [...new Set(pods.map((pod) => rowId(pod, null)))].sort()
  if (own === null) {
    const message = `is missing, and the proxies of ${workloadList(pods)} need it`
    return [finding(rootsRef({namespace}), message, {hint: missingHint, fix: askIstiod(mesh), endpoints})]
  }
  const fix = `kubectl -n ${namespace} delete configmap istio-ca-root-cert  # istiod writes it anew\n${restart(pods)}`
  if (own.unreadable !== '') return [finding(rootsRef(own), `cannot be trusted as it stands: ${own.unreadable}`, {fix, endpoints})]
  const known = new Set(wanted.certificates.map(({fingerprint}) => fingerprint))
  if (own.certificates.some(({fingerprint}) => known.has(fingerprint))) return []
  const message = `holds ${own.certificates.map(rootName).join(', ')}, and none of the mesh's roots: ${wanted.certificates.map(rootName).join(', ') || wanted.unreadable}`
  return [finding(rootsRef(own), message, {fix, endpoints})]
}

/** What the proxy itself trusts (`ROOTCA`): mounted long ago, it can outlive what the ConfigMap says now. */
function strangerFault({pod, running}: ReadProxy, wanted: DistributedRoots | null): PartialFinding[] {
  if (wanted === null || wanted.certificates.length === 0 || running.roots.length === 0) return []
  const known = new Set(wanted.certificates.map(({fingerprint}) => fingerprint))
  if (running.roots.some(({fingerprint}) => known.has(fingerprint))) return []
  const message = `its proxy trusts ${running.roots.map(rootName).join(', ')}, and none of the mesh's roots: ${wanted.certificates.map(rootName).join(', ')}`
  const hint = 'Restart the workload, so that its proxy loads the root that its namespace holds now.'
  return [finding(workloadRef(pod), message, {hint, fix: restart([pod]), endpoints: [rowId(pod, null)]})]
}

const missingHint = 'Find out why istiod does not write the ConfigMap: its log says so, and it writes only where discoverySelectors let it.'

function askIstiod({namespace, rootNamespace}: Mesh): string {
  return `kubectl -n ${namespace} logs -l app=istiod --tail=-1 | grep istio-ca-root-cert\nkubectl -n ${rootNamespace} get configmap istio-ca-root-cert\nkubectl -n ${namespace} rollout restart deployment -l app=istiod`
}
