import {oncePerAlike} from '../derive/alike-pods.ts'
import {byPod} from '../derive/by-pod.ts'
import {dataPlane, proxyContainer} from '../derive/membership.ts'
import {meshFor} from '../derive/mesh-for.ts'
import {check, finding, type PartialFinding, type Severity} from '../model/check.ts'
import type {Istiod} from '../model/mesh.ts'
import type {Pod} from '../model/workload.ts'
import {restart} from './fix.ts'
import {podsInScope} from './in-scope.ts'
import {rowId, workloadList} from './subject.ts'

/** Each proxy runs the version of its control plane, or at most one minor version behind it (Istio's supported skew). */
export const versionSkew = check({
  code: 'M105',
  slug: 'm105-version-skew',
  severity: 'warning',
  needs: ['mesh', 'controlPlane', 'pods'],
  uses: ['delivered'],
  title: 'The proxies keep up with the control plane',
  failure: 'Proxies lag behind the control plane',
  why: 'Istio supports proxies one minor version behind their control plane: past that policies may be misread, and security fixes are missing.',
  hint: 'Restart the workloads, so that they are injected with the proxy of the running control plane.',
  skip: (asked) => (asked.manifests ? 'manifests hold no running proxies' : null),
  run({mesh, controlPlane, pods}, {asked}, {delivered}) {
    const told = byPod(delivered.read ? delivered.value.proxies : [])
    const versionOf = oncePerAlike(proxyVersion)
    const istiodOf = oncePerAlike((pod) => {
      const own = meshFor(pod, mesh)
      return controlPlane.istiods.find(({revision}) => revision === own.revision)
    })
    const stale = podsInScope(pods, asked, mesh).flatMap((pod) => {
      // An image without a version in its tag runs one all the same: istiod knows what connected to it.
      const proxy = versionOf(pod) || (told(pod).at(-1)?.sync?.version ?? '')
      const istiod = istiodOf(pod)
      return proxy === '' || istiod === undefined || istiod.version === '' || istiod.version === proxy ? [] : [{pod, proxy, istiod}]
    })
    const groups = Map.groupBy(stale, ({pod, proxy, istiod}) => `${pod.namespace} ${proxy} ${istiod.revision}`)
    return [...groups.values()].flatMap((group) => {
      const [first] = group
      const severity = first === undefined ? null : severityOf(first.proxy, first.istiod.version)
      return first === undefined || severity === null
        ? []
        : [
            findingOf(
              group.map(({pod}) => pod),
              first.proxy,
              first.istiod,
              severity,
            ),
          ]
    })
  },
})

function findingOf(pods: Pod[], proxy: string, istiod: Istiod, severity: Severity): PartialFinding {
  const namespace = pods[0]?.namespace ?? ''
  return finding(
    {kind: 'Namespace', name: namespace},
    `proxy ${proxy} beside \`${istiod.name}\` ${istiod.version} in ${workloadList(pods)}`,
    {
      severity,
      fix: restart(pods),
      endpoints: [...new Set(pods.map((pod) => rowId(pod, null)))].sort(),
    },
  )
}

function proxyVersion(pod: Pod): string {
  if (!['sidecar', 'gateway', 'waypoint', 'proxyless'].includes(dataPlane(pod))) return ''
  return /:v?(\d+\.\d+\.\d+[^:@]*?)(?:-distroless|-debug)?(?:@|$)/.exec(proxyContainer(pod)?.image ?? '')?.[1] ?? ''
}

/** Warning outside the supported skew, info for another patch or one minor behind; null when either version is no release. */
function severityOf(proxy: string, istiod: string): Severity | null {
  const [ours, theirs] = [minorOf(proxy), minorOf(istiod)]
  if (ours === null || theirs === null) return null
  return theirs - ours > 1 || ours > theirs ? 'warning' : 'info'
}

function minorOf(version: string): number | null {
  const [, major, minor] = /^(\d+)\.(\d+)\./.exec(version) ?? []
  return major === undefined ? null : Number(major) * 1000 + Number(minor)
}
