import {capturedPort} from '../derive/captured-port.ts'
import {decidingPolicies, effectiveMode} from '../derive/effective-mode.ts'
import {dataPlane} from '../derive/membership.ts'
import {check, finding} from '../model/check.ts'
import type {Pod} from '../model/workload.ts'
import {viewFinder} from './policy-view.ts'
import {probedRows} from './probed-rows.ts'
import {rowId, workloadRef} from './subject.ts'

/** No port that policies make STRICT finished a TLS handshake without asking for a client certificate (live-evidence.md, section 1). */
export const mtlsDemanded = check({
  code: 'M803',
  slug: 'm803-mtls-demanded',
  severity: 'error',
  needs: ['mesh', 'namespaces', 'policies', 'pods', 'probes'],
  title: 'STRICT ports demand a client certificate',
  failure: 'A STRICT port demands no client certificate',
  why: 'TLS without a client certificate encrypts, but lets in anyone: the caller has no identity.',
  hint: "Look for what answers in the proxy's stead: an EnvoyFilter, or an application reached around the proxy.",
  skip: ({probes}) => (probes ? null : 'live probes are off'),
  run({mesh, namespaces, policies, pods, probes}, {asked}) {
    const viewFor = viewFinder({mesh, namespaces, policies})
    const isStrict = (pod: Pod, port: number) =>
      dataPlane(pod) === 'sidecar' &&
      capturedPort({...pod, ips: []}, port) &&
      effectiveMode(decidingPolicies(viewFor(pod).index, pod.namespace, pod.labels), port).mode === 'STRICT'
    const lax = probedRows(probes, pods, asked, mesh).filter(
      ({pod, probe}) => (probe.tls?.saw === 'tls' || probe.tls?.saw === 'foreign-tls') && isStrict(pod, probe.port),
    )
    return [...Map.groupBy(lax, ({pod}) => `${pod.namespace}/${pod.workload.kind}/${pod.workload.name}`).values()].flatMap((rows) => {
      const [first] = rows
      if (first === undefined) return []
      const {pod} = first
      const says = [...new Map(rows.map(({probe}) => [probe.port, `port ${probe.port}: ${probe.tls?.detail}`])).values()].join('; ')
      return [
        finding(workloadRef(pod), `answered TLS without demanding a client certificate: ${says}`, {
          fix: `istioctl proxy-config listener ${pod.name} -n ${pod.namespace} --port 15006 -o json\nkubectl get envoyfilter --all-namespaces`,
          endpoints: [...new Set(rows.map(({probe}) => rowId(pod, probe.port)))].sort(),
        }),
      ]
    })
  },
})
