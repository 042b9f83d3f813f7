import {type Document, isMap, isNode, isSeq, LineCounter, type Node, parseAllDocuments} from 'yaml'
import type {KubeObject} from '../io/io.ts'
import {Failure} from '../model/failure.ts'
import {oddFields} from './manifests-fields.ts'

/** Something odd about a manifest that does not stop the run; `line` is 1-based. */
export interface ManifestWarning {
  message: string
  file: string
  line?: number
  /** Set where it made the reader leave the document out. */
  leftOut?: boolean
}

export interface ParsedManifest {
  objects: KubeObject[]
  warnings: ManifestWarning[]
}

/**
 * The Kubernetes objects of one file: YAML of any number of documents, JSON, `List` objects; each with its file and line.
 * Throws a Failure with file and line for what does not parse or what the API server could not even read. `namespace` stands in where none is written.
 */
export function manifestFrom(text: string, file: string, {namespace = 'default'}: {namespace?: string} = {}): ParsedManifest {
  const lines = new LineCounter()
  const parsed: ParsedManifest = {objects: [], warnings: []}
  for (const document of parseAllDocuments(text, {lineCounter: lines, prettyErrors: false})) {
    const [error] = document.errors
    if (error !== undefined)
      throw unparsable(text, file, lines.linePos(error.pos[0]).line, `this is not YAML: ${error.message.split('\n')[0]}`)
    collect(document, [], {text, file, lines, parsed, namespace})
  }
  return parsed
}

interface Reading {
  text: string
  file: string
  lines: LineCounter
  parsed: ParsedManifest
  namespace: string
}

function collect(document: Document, path: (string | number)[], reading: Reading): void {
  const {file, parsed} = reading
  const node = path.length === 0 ? document.contents : document.getIn(path, true)
  const line = lineOf(node, reading)
  const value: unknown = isNode(node) ? node.toJS(document) : node
  if (value === null || value === undefined) return
  if (!isMap(node) || !isRecord(value) || typeof value['kind'] !== 'string' || typeof value['apiVersion'] !== 'string') {
    parsed.warnings.push({message: 'this is no Kubernetes object (no `apiVersion` and `kind`): left out', file, line, leftOut: true})
    return
  }
  const items = document.getIn([...path, 'items'], true)
  if (value['kind'].endsWith('List') && isSeq(items)) {
    items.items.forEach((_, index) => {
      collect(document, [...path, 'items', index], reading)
    })
    return
  }
  const object = objectFrom(value, reading, line)
  if (object === null) {
    if (isTemplate(reading.text)) throw unparsable(reading.text, file, line, `this ${value['kind']} has no plain \`metadata.name\``)
    parsed.warnings.push({message: `${value['kind']} without \`metadata.name\`: left out`, file, line, leftOut: true})
    return
  }
  for (const odd of oddFields(object)) {
    const where = keyLine(document, [...path, ...odd.path], reading) ?? line
    parsed.warnings.push({message: `${object.kind} \`${object.metadata.name}\`: ${odd.says}`, file, line: where})
  }
  parsed.objects.push({...object, file, line})
}

function objectFrom(value: Record<string, unknown>, reading: Reading, line: number): KubeObject | null {
  const metadata = isRecord(value['metadata']) ? value['metadata'] : {}
  const given = metadata['name'] ?? metadata['generateName']
  if (typeof given !== 'string' || given === '') return null
  for (const name of [given, metadata['namespace'] ?? '']) {
    if (typeof name === 'string' && /^[a-z0-9.:_-]*$/i.test(name)) continue
    throw unparsable(reading.text, reading.file, line, `\`${String(name)}\` is no name that Kubernetes accepts`)
  }
  for (const field of ['labels', 'annotations'] as const) demandTexts(metadata[field], `metadata.${field}`, reading, line)
  const named = {...metadata, name: given}
  const placed = clusterScoped.has(String(value['kind'])) ? named : {namespace: reading.namespace, ...named}
  return {...value, metadata: placed} as KubeObject
}

/** `inject: true` without quotes is a boolean: the API server refuses the whole object, so judging it would be a lie. */
function demandTexts(map: unknown, field: string, {text, file}: Reading, line: number): void {
  if (!isRecord(map)) return
  const odd = Object.entries(map).find(([, value]) => typeof value !== 'string' && value !== null)
  if (odd === undefined) return
  throw unparsable(text, file, line, `\`${field}\` must hold texts, and \`${odd[0]}: ${JSON.stringify(odd[1])}\` is none: put it in quotes`)
}

function unparsable(text: string, file: string, line: number, why: string): Failure {
  const what = `\`${file}\`, line ${line}: ${why}`
  return isTemplate(text)
    ? new Failure(what, {
        cure: 'Run `helm template` first and judge what it prints: `{{` marks a template.',
        entry: 'manifest-is-a-template',
      })
    : new Failure(what, {
        cure: `Mend the file; \`kubectl apply --dry-run=client -f ${file}\` shows the same.`,
        entry: 'manifest-unreadable',
      })
}

function isTemplate(text: string): boolean {
  return text.includes('{{')
}

function lineOf(node: unknown, {lines}: Reading): number {
  const start = isNode(node) ? (node as Node).range?.[0] : undefined
  return start === undefined ? 1 : lines.linePos(start).line
}

/** Line of the key itself: its value may begin on the next line. Keys are compared as text, for YAML reads `8080:` as a number. */
function keyLine(document: Document, path: (string | number)[], reading: Reading): number | null {
  let node: unknown = document.contents
  let key: unknown = null
  for (const step of path) {
    if (isSeq(node)) node = node.items[Number(step)]
    else if (isMap(node)) {
      const pair = node.items.find((item) => String(item.key) === String(step))
      key = pair?.key ?? key
      node = pair?.value
    }
  }
  return key === null ? null : lineOf(key, reading)
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

const clusterScoped = new Set(
  (
    'Namespace Node PersistentVolume StorageClass ClusterRole ClusterRoleBinding CustomResourceDefinition MutatingWebhookConfiguration ' +
    'ValidatingWebhookConfiguration PriorityClass RuntimeClass IngressClass GatewayClass APIService CSIDriver ValidatingAdmissionPolicy'
  ).split(' '),
)
