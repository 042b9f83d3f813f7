import {parse, stringify} from 'yaml'
import type {Inputs} from '../model/inputs.ts'
import type {Problem} from '../model/problem.ts'
import {agentCharts} from './agents.ts'
import {type MeshWish, meshConfigProblems, meshConfigValues} from './mesh-config-values.ts'
import type {ReleasePlan} from './release-plan.ts'
import {sortedKeys} from '../model/sorted-keys.ts'

/** The values of one release, in helm's order: ours first, the user's (YAML text, may be '') merged last. */
export interface Values {
  ours: string
  users: string
  /** The same for the same meaning, whatever the spelling: what the digest is taken of. */
  canonical: string
}

/** All inputs that become values of a chart. */
export type ValueInputs = Pick<
  Inputs,
  'hub' | 'revision' | 'values' | 'baseValues' | 'cniValues' | 'ztunnelValues' | 'profile' | 'platform' | 'imagePullSecrets'
> &
  Partial<MeshWish>

/** The values of a release. `hub` is always written: Istio 1.30 would pull from a host that is being retired (platform-facts.md, section 0). */
export function valuesFor(chart: ReleasePlan['chart'], inputs: ValueInputs, defaultRevision: string): Values {
  const users = usersOf(chart, inputs)
  const ours = oursFor(chart, inputs, defaultRevision)
  return {ours: stringify(ours), users, canonical: JSON.stringify([ours, sortedKeys(users === '' ? {} : parse(users))])}
}

/** The revision as the charts write it: `default` is the one without a name. */
export function chartRevision(revision: string): string {
  return revision === 'default' ? '' : revision
}

function usersOf(chart: ReleasePlan['chart'], {values, baseValues, cniValues, ztunnelValues}: ValueInputs): string {
  return {base: baseValues, istiod: values, cni: cniValues, ztunnel: ztunnelValues}[chart]
}

/** Keys as each chart reads them: `profile` and `global.platform` in all (templates/zzz_profile.yaml), the revision not in `cni`, of which a node has one. */
function oursFor(chart: ReleasePlan['chart'], inputs: ValueInputs, defaultRevision: string): object {
  const {hub, platform, imagePullSecrets} = inputs
  const revision = chartRevision(inputs.revision)
  const global = {
    ...(chart === 'base' ? {} : {hub}),
    ...(imagePullSecrets.length > 0 && {imagePullSecrets}),
    ...(platform !== '' && {platform}),
  }
  const shared = {...(Object.keys(global).length > 0 && {global}), ...(inputs.profile === 'ambient' && {profile: 'ambient'})}
  if (chart === 'base') return {...shared, defaultRevision: defaultRevision || revision || 'default'}
  if (chart === 'cni') return shared
  if (chart === 'ztunnel') return {...shared, revision}
  const isCniAlone = inputs.profile === 'sidecar' && agentCharts(inputs).includes('cni')
  return {...shared, ...meshConfigValues(inputs), ...(isCniAlone && {pilot: {cni: {enabled: true}}}), revision}
}

/** What the user's values must not say otherwise than the inputs: helm would install something else than what is planned and waited for. */
export function valuesProblems(
  inputs: Pick<ValueInputs, 'revision' | 'values' | 'profile' | 'platform' | 'ztunnelValues' | 'minTls'>,
): Problem[] {
  const written = ((inputs.values === '' ? null : parse(inputs.values)) ?? {}) as {
    revision?: unknown
    profile?: unknown
    revisionTags?: unknown
    global?: {platform?: unknown; profile?: unknown} | null
    platform?: unknown
  }
  const profile = written.profile ?? written.global?.profile
  const platform = written.platform ?? written.global?.platform
  const problems: Problem[] = meshConfigProblems(inputs)
  const disagree = (says: string, cure: string) => problems.push({says, cure, entry: 'values'})
  if ((written.revision ?? chartRevision(inputs.revision)) !== chartRevision(inputs.revision)) {
    disagree(
      `\`values\` sets \`revision: ${written.revision}\`, but the input \`revision\` is \`${inputs.revision}\`.`,
      'Name the revision in the input alone, and take it out of `values`.',
    )
  }
  if (written.revisionTags !== undefined) {
    disagree('`values` sets `revisionTags`, which ties the tags to one release.', 'Name the tags in the input `tags`, which can move them.')
  }
  if (profile === 'ambient' && inputs.profile !== 'ambient') {
    disagree(
      '`values` sets `profile: ambient`, but the input `profile` is `sidecar`.',
      'Set the input `profile: ambient`: it takes more than istiod.',
    )
  }
  if (platform !== undefined && platform !== inputs.platform) {
    disagree(
      `\`values\` sets the platform \`${platform}\`, but the input \`platform\` is \`${inputs.platform}\`.`,
      'Name the platform in the input alone: the other charts need it, too.',
    )
  }
  if (inputs.ztunnelValues !== '' && inputs.profile !== 'ambient') {
    disagree(
      '`ztunnel-values` is given, but `profile` is `sidecar`, which has no ztunnel.',
      'Set `profile: ambient`, or remove `ztunnel-values`.',
    )
  }
  return problems
}
