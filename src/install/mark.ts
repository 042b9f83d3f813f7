/**
 * What we write as labels on a helm release, so that the next run knows without helm whether anything would change: the chart's version
 * and SHA-256, the SHA-256 of the values, and the helm revision that this was true for (helm copies labels to later revisions made by others).
 */
export interface Mark {
  version: string
  chart: string
  values: string
  helmRevision: number
}

/** The labels of a mark; digests are cut to 40 hex digits because a label holds 63 characters. */
export function markLabels({version, chart, values, helmRevision}: Mark): Record<string, string> {
  return {
    'istio-mtls/version': version,
    'istio-mtls/chart-sha256': chart.slice(0, 40),
    'istio-mtls/values-sha256': values.slice(0, 40),
    'istio-mtls/helm-revision': String(helmRevision),
  }
}

/** The mark on a release of ours, or null for a release made by others. */
export function markFrom(labels: Record<string, string>): Mark | null {
  const version = labels['istio-mtls/version']
  if (version === undefined) return null
  return {
    version,
    chart: labels['istio-mtls/chart-sha256'] ?? '',
    values: labels['istio-mtls/values-sha256'] ?? '',
    helmRevision: Number(labels['istio-mtls/helm-revision'] ?? 0),
  }
}

/** True when both digests, of which one may be cut, are the same. */
export function sameDigest(left: string, right: string): boolean {
  return left !== '' && left.slice(0, 40) === right.slice(0, 40)
}
