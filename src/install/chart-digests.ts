import {Failure} from '../model/failure.ts'
import type {FetchedCharts} from './charts.ts'
import {sameDigest} from './mark.ts'
import type {ReleasePlan} from './release-plan.ts'

/**
 * Throws unless every chart is the one that `given` (the input `chart-digests`) names, and, where a later entry of `charts` stepped in by
 * itself, the one that was installed before: the first entry is the user's own choice, a later one must not slip in another chart.
 */
export function refuseOtherCharts(fetched: FetchedCharts, given: Record<string, string>, releases: ReleasePlan[], version: string): void {
  const {charts, from, isFallback} = fetched
  for (const {name, digest} of charts) {
    const wanted = given[name]
    if (wanted !== undefined && !sameDigest(digest, wanted)) {
      throw new Failure(
        `Chart \`${name}\` ${version} from \`${from}\` has SHA-256 \`${digest}\`, but \`chart-digests\` wants \`${wanted}\`.`,
        {
          cure: 'Check that the digest is of this version of the chart. If it is, the chart was altered: do not use that entry of `charts`. Nothing was changed.',
          entry: 'chart-digest',
        },
      )
    }
    const known = releases.find(({chart}) => chart === name)?.mark
    if (!isFallback || wanted !== undefined || !known || known.version !== version || sameDigest(known.chart, digest)) continue
    throw new Failure(
      `Chart \`${name}\` ${version} from \`${from}\` is not the one installed before: SHA-256 begins ${digest.slice(0, 12)}, was ${known.chart.slice(0, 12)}`,
      {
        cure: `Find out which of the two is Istio's, then put the trusted entry first in \`charts\`. Nothing was changed.`,
        entry: 'chart-digest',
      },
    )
  }
}

/** What the report says of each chart: where it came from, its digest, and whether anything vouched for it. */
export function chartNotes({charts, from, isFallback, skipped}: FetchedCharts, given: Record<string, string>, version: string): string[] {
  return [
    ...skipped.map((reason) => `No charts from ${reason}`),
    ...charts.map(({name, digest}) => {
      const vouched = given[name] !== undefined ? ', as `chart-digests` wants' : isFallback ? ', which no `chart-digests` vouches for' : ''
      return `Chart \`${name}\` ${version} from ${asCode(from)}, \`sha256:${digest}\`${vouched}`
    }),
  ]
}

/** An entry of `charts` in backticks, so that it can be copied; what is a clause already stays one. */
export function asCode(from: string): string {
  return /[\s`]/.test(from) ? from : `\`${from}\``
}
