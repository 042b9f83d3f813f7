import type {KubeObject} from '../io/io.ts'

/** A namespace that this action labelled: the labels as they are, and their former values (null: there was none). */
export interface Enrolled {
  name: string
  path: string
  resourceVersion: string
  labels: Record<string, string>
  former: Record<string, string | null>
}

/** A namespace that carries our record of its former labels, or null (enforce/enrol-plan.ts, previousLabels). */
export function enrolledFrom({metadata: {name, labels = {}, annotations = {}, resourceVersion = ''}}: KubeObject): Enrolled | null {
  const text = annotations['istio-mtls/previous-labels']
  if (text === undefined) return null
  return {name, path: `/api/v1/namespaces/${name}`, resourceVersion, labels, former: formerLabels(text)}
}

/** Of a text that whoever may annotate the namespace can write, only the labels that enrolling writes (rules 28, 31). */
export function formerLabels(text: string): Enrolled['former'] {
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch {
    return {}
  }
  const entries = Object.entries((parsed ?? {}) as Record<string, unknown>)
  return Object.fromEntries(
    entries.filter(
      (entry): entry is [string, string | null] => entry[0] in enrolLabels && (entry[1] === null || typeof entry[1] === 'string'),
    ),
  )
}

/** What is given back of a namespace's labels: not what somebody else wrote over ours since (`kept`, as `istio.io/rev=prod`). `others` are revisions and tags that are not ours. */
export function labelsToGiveBack(
  {labels, former}: Pick<Enrolled, 'labels' | 'former'>,
  others: readonly string[],
): {former: Enrolled['former']; kept: string[]} {
  const isOthers = (label: string) => {
    const value = labels[label]
    return value !== undefined && value !== former[label] && !enrolLabels[label]?.(value, others)
  }
  const entries = Object.entries(former)
  return {
    former: Object.fromEntries(entries.filter(([label]) => !isOthers(label))),
    kept: entries.filter(([label]) => isOthers(label)).map(([label]) => `${label}=${labels[label]}`),
  }
}

/** The labels that enrolling and moving write, and whether a value is one that they write (enforce/enrol-labels.ts, canary/plan.ts). */
const enrolLabels: Record<string, (value: string, others: readonly string[]) => boolean> = {
  'istio-injection': (value) => value === 'enabled',
  'istio.io/rev': (value, others) => !others.includes(value),
  'istio.io/dataplane-mode': (value) => value === 'ambient',
}
