import {parse, stringify} from 'yaml'
import type {Inputs} from '../model/inputs.ts'
import type {Problem} from '../model/problem.ts'
import type {ReleasePlan} from './plan.ts'

/** The values of one release, in helm's order: ours first, the user's (YAML text, may be '') merged last. */
export interface Values {
  ours: string
  users: string
  /** The same for the same meaning, whatever the spelling: what the digest is taken of. */
  canonical: string
}

/** The values of a release. `hub` is always written: Istio 1.30 would pull from a host that is being retired (platform-facts.md, section 0). */
export function valuesFor(
  chart: ReleasePlan['chart'],
  inputs: Pick<Inputs, 'hub' | 'revision' | 'values' | 'baseValues'>,
  defaultRevision: string,
): Values {
  const revision = inputs.revision === 'default' ? '' : inputs.revision
  const users = chart === 'base' ? inputs.baseValues : inputs.values
  const ours = chart === 'base' ? {defaultRevision: defaultRevision || revision || 'default'} : {global: {hub: inputs.hub}, revision}
  return {ours: stringify(ours), users, canonical: JSON.stringify([ours, sorted(users === '' ? {} : parse(users))])}
}

/** What the user's values must not say otherwise than the inputs: helm would install another revision than the one planned and waited for. */
export function valuesProblems({revision, values}: Pick<Inputs, 'revision' | 'values'>): Problem[] {
  const asked = revision === 'default' ? '' : revision
  const {revision: written = asked} = ((values === '' ? null : parse(values)) ?? {}) as {revision?: unknown}
  if (written === asked) return []
  return [
    {
      says: `\`values\` sets \`revision: ${written}\`, but the input \`revision\` is \`${revision}\`.`,
      cure: 'Name the revision in the input alone, and take it out of `values`.',
      entry: 'values',
    },
  ]
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .sort(([left], [right]) => (left < right ? -1 : 1))
      .map(([key, each]) => [key, sorted(each)]),
  )
}
