import {accessLogging, wideTelemetry} from '../derive/access-logging.ts'
import {meshFor} from '../derive/mesh-for.ts'
import {check, finding} from '../model/check.ts'
import type {Mesh} from '../model/mesh.ts'
import type {IstioObject} from '../model/policy.ts'
import type {Pod} from '../model/workload.ts'
import {apply, merge} from './fix.ts'
import {governedPods} from './policy-view.ts'
import {istioRef, workloadList} from './subject.ts'

/** Calls to every workload of the mesh in scope are logged: by the mesh configuration or a Telemetry. */
export const accessLogged = check({
  code: 'M701',
  slug: 'm701-access-logged',
  severity: 'info',
  needs: ['mesh', 'pods', 'telemetries'],
  title: 'Calls are logged',
  failure: 'Calls are not logged',
  why: 'Without access logs nobody can tell afterwards who called whom, nor which plain callers STRICT turned away.',
  hint: 'Turn access logging on with a Telemetry in the root namespace, or remove the one that turns it off.',
  run({mesh, pods, telemetries}, {asked}) {
    const severity = asked.accessLogging ? 'error' : 'info'
    const silent = governedPods(pods, asked, mesh).flatMap((pod) => {
      const own = meshFor(pod, mesh)
      const {on, by} = accessLogging(pod, own, telemetries)
      return on ? [] : [{pod, by, mesh: own}]
    })
    const groups = Map.groupBy(silent, ({by, mesh}) => (by === null ? `in ${mesh.rootNamespace}` : `${by.namespace}/${by.name}`))
    return [...groups.values()].flatMap((group) => {
      const [first] = group
      if (first === undefined) return []
      const silenced = group.map(({pod}) => pod)
      return [{severity, ...(first.by === null ? unsaid(first.mesh, silenced, telemetries) : turnedOff(first.by, silenced))} as const]
    })
  },
})

function turnedOff(by: IstioObject, pods: Pod[]) {
  return finding(istioRef(by), `turns access logging off for ${workloadList(pods)} in ${namespaceList(pods)}`, {
    fix: `kubectl -n ${by.namespace} delete telemetry ${by.name}`,
  })
}

/** A new Telemetry behind an older one without a selector would change nothing, so that one is to be mended. */
function unsaid(mesh: Mesh, pods: Pod[], telemetries: IstioObject[]) {
  const root = mesh.rootNamespace
  const heeded = wideTelemetry(root, mesh, telemetries)
  const says = `does not turn access logging on, nor does the mesh configuration, for ${namespaceList(pods)}`
  if (heeded !== null) {
    const spec = {accessLogging: [{providers: [{name: 'envoy'}]}]}
    return finding(istioRef(heeded), says, {fix: merge('telemetry', root, heeded.name, {spec})})
  }
  return finding({kind: 'Telemetry', namespace: root, name: 'mesh-default'}, says, {
    fix: apply(`apiVersion: telemetry.istio.io/v1
kind: Telemetry
metadata:
  name: mesh-default
  namespace: ${root}
spec:
  accessLogging:
    - providers:
        - name: envoy`),
  })
}

function namespaceList(pods: Pod[]): string {
  return [...new Set(pods.map(({namespace}) => `\`${namespace}\``))].sort().join(', ')
}
