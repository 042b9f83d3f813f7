import {check, finding} from '../model/check.ts'
import type {Mesh} from '../model/mesh.ts'
import type {IstioObject} from '../model/policy.ts'
import {apply} from './fix.ts'
import {governedPods} from './policy-view.ts'

/** Access logging is on for every namespace in scope with workloads of the mesh: by the mesh configuration or a Telemetry. */
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
    const governed = [...new Set(governedPods(pods, asked, mesh).map((pod) => pod.namespace))].sort()
    const [first] = mesh
    if (first === undefined) return []
    const silent = governed.filter((namespace) => !isLogged(namespace, first, telemetries))
    if (silent.length === 0) return []
    const isMeshwide = !isLogged('', first, telemetries)
    const root = first.rootNamespace
    const off = telemetries.filter(({namespace, spec}) => silent.includes(namespace) && logging(spec) === false)
    if (!isMeshwide && off.length > 0) {
      return off.map((telemetry) =>
        finding(
          {kind: 'Telemetry', namespace: telemetry.namespace, name: telemetry.name, file: telemetry.file, line: telemetry.line},
          `turns access logging off in \`${telemetry.namespace}\``,
          {
            severity,
            fix: `kubectl -n ${telemetry.namespace} delete telemetry ${telemetry.name}`,
          },
        ),
      )
    }
    return [
      finding(
        {kind: 'Telemetry', namespace: root, name: 'mesh-default'},
        `does not turn access logging on, nor does the mesh configuration, for ${silent.map((name) => `\`${name}\``).join(', ')}`,
        {
          severity,
          fix: apply(`apiVersion: telemetry.istio.io/v1
kind: Telemetry
metadata:
  name: mesh-default
  namespace: ${root}
spec:
  accessLogging:
    - providers:
        - name: envoy`),
        },
      ),
    ]
  },
})

/** The nearest level that speaks wins: the namespace's Telemetry, the root's, then the mesh configuration (model/telemetry.go:applicableTelemetries). */
function isLogged(namespace: string, mesh: Mesh, telemetries: IstioObject[]): boolean {
  const wide = telemetries.filter(
    ({spec}) => spec['selector'] === undefined && spec['targetRef'] === undefined && spec['targetRefs'] === undefined,
  )
  for (const level of [namespace, mesh.rootNamespace]) {
    const said = wide
      .filter((telemetry) => telemetry.namespace === level)
      .map(({spec}) => logging(spec))
      .find((answer) => answer !== null)
    if (said !== undefined) return said
  }
  return mesh.accessLogFile !== ''
}

/** true on, false off, null unsaid. */
function logging(spec: Record<string, unknown>): boolean | null {
  const entries = spec['accessLogging'] as {disabled?: boolean}[] | undefined
  if (entries === undefined || entries.length === 0) return null
  return !entries.every(({disabled}) => disabled === true)
}
