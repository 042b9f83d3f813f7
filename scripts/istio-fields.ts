/** Writes src/observe/istio-fields.ts from the CRDs of the Istio module that the test bed pins (run it after raising that version). */
import {execFileSync} from 'node:child_process'
import {readFileSync, writeFileSync} from 'node:fs'
import {parseAllDocuments} from 'yaml'

interface Schema {
  type?: string
  properties?: Record<string, Schema>
  items?: Schema
  additionalProperties?: Schema
  enum?: string[]
}
interface Crd {
  spec?: {names: {kind: string}; group: string; versions: {name: string; schema: {openAPIV3Schema: Schema}}[]}
}

const source = 'manifests/charts/base/files/crd-all.gen.yaml'
const version = process.argv[2] ?? 'v0.0.0-20260827124520-eed52ebb66ad'
const modules = execFileSync('go', ['env', 'GOMODCACHE'], {encoding: 'utf8'}).trim()
const crds = parseAllDocuments(readFileSync(`${modules}/istio.io/istio@${version}/${source}`, 'utf8'))

const lines: string[] = []
for (const document of crds) {
  const spec = (document.toJS() as Crd | null)?.spec
  if (spec === undefined || !/^(networking|security|telemetry|extensions)\.istio\.io$/.test(spec.group)) continue
  const schema = spec.versions.at(-1)?.schema.openAPIV3Schema.properties?.['spec']
  if (schema) lines.push(`  ${spec.names.kind}: '${fieldsOf(schema)}',`)
}
lines.sort()
writeFileSync(
  'src/observe/istio-fields.ts',
  `/**
 * The fields of each Istio kind's \`spec\`, written by scripts/istio-fields.ts from istio.io/istio ${version}, ${source}.
 * \`name\` is a value, \`name=A|B\` one of these words, \`name{…}\` an object or a list of objects, \`name*\` an object whose keys are the
 * user's own (\`name*{…}\`: with these fields below each key).
 */
// biome-ignore format: one kind a line
export const istioFields: Record<string, string> = {
${lines.join('\n')}
}
`,
)

function fieldsOf(schema: Schema): string {
  return Object.entries(schema.properties ?? {})
    .map(([name, field]) => {
      const inner = field.type === 'array' ? (field.items ?? {}) : field
      if (inner.properties !== undefined) return `${name}{${fieldsOf(inner)}}`
      if (inner.additionalProperties?.properties !== undefined) return `${name}*{${fieldsOf(inner.additionalProperties)}}`
      if (inner.enum !== undefined) return `${name}=${inner.enum.filter((word) => word !== '').join('|')}`
      return inner.type === 'object' ? `${name}*` : name
    })
    .join(' ')
}
