import {minor, parse, valid} from 'semver'
import type {Inputs} from '../model/inputs.ts'

/**
 * Version pairs outside what their makers test, one sentence each; they warn and never stop. `kubernetes` as the API server writes it,
 * '' when it tells none.
 */
export function versionSkew({istioVersion, helmVersion}: Pick<Inputs, 'istioVersion' | 'helmVersion'>, kubernetes: string): string[] {
  const server = valid(kubernetes) === null ? null : minor(kubernetes)
  if (server === null) return []
  const warnings: string[] = []
  const istio = minor(istioVersion)
  const [oldest, newest] = [istio + 1, istio + 6]
  if (server < oldest || server > newest) {
    warnings.push(
      `Istio ${istioVersion} is tested with Kubernetes 1.${oldest} to 1.${newest}, this cluster runs ${kubernetes}: see istio.io/latest/docs/releases/supported-releases.`,
    )
  }
  const helm = helmNewest(helmVersion)
  if (helm !== null && (server > helm || server < helm - 3)) {
    warnings.push(
      `helm ${helmVersion} is tested with Kubernetes 1.${helm - 3} to 1.${helm}, this cluster runs ${kubernetes}: see helm.sh/docs/topics/version_skew.`,
    )
  }
  if (troubled.has(helmVersion)) warnings.push(`helm ${helmVersion} ${troubled.get(helmVersion)}: choose another \`helm-version\`.`)
  return warnings
}

/** One sentence where revisions side by side are further apart than Istio supports: two minor versions (istio.io, setup/upgrade/canary). */
export function revisionSkew(istioVersion: string, running: {revision: string; version: string}[]): string[] {
  const far = running.filter(({version}) => valid(version) !== null && Math.abs(minor(istioVersion) - minor(version)) > 2)
  return far.map(
    ({revision, version}) =>
      `Istio ${istioVersion} beside revision \`${revision}\` (${version}): Istio supports two revisions side by side that are at most two minor versions apart.`,
  )
}

/** The Kubernetes minor that a helm was compiled with; it supports three more below (helm.sh/docs/topics/version_skew: 3.18 is 1.33, 4.0 is 1.34). */
function helmNewest(version: string): number | null {
  const helm = parse(version)
  if (helm === null) return null
  return helm.major === 3 ? helm.minor + 15 : helm.minor + 34
}

/** platform-facts.md, section 4.2: helm issues 32224 and 32214. */
const troubled = new Map([['v4.2.1', 'skips hook jobs and can wait for ever on what is deleted fast']])

/** One sentence where the runner's clock and the API server's differ by more than a minute: certificates made now may not be valid yet there. */
export function clockSkew(serverDate: string | undefined, now: number): string[] {
  const server = Date.parse(serverDate ?? '')
  if (Number.isNaN(server) || Math.abs(server - now) <= toleratedMs) return []
  const seconds = Math.round(Math.abs(server - now) / 1000)
  return [
    `The clock of this runner is ${seconds} s ${server > now ? 'behind' : 'ahead of'} the API server's: certificates and releases will look younger or older than they are. Set it by NTP.`,
  ]
}

/** Istio itself bears two minutes (security/pkg/server/ca, clock skew grace period); `Date` has whole seconds. */
const toleratedMs = 60_000
