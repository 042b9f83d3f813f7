/**
 * What to use in place of a host that Istio has left or leaves in December 2026, or null for any other address
 * (istio.io/latest/blog/2026/retirement-of-gcp; platform-facts.md, section 0).
 */
export function retiredHost(text: string): string | null {
  const host = retired.find((each) => text.includes(each))
  if (host === undefined) return null
  return `\`${host}\` is retired: take charts from \`oci://ghcr.io/istio/release/charts\` or \`https://blob.istio.io/istio-release/charts\`, and images with \`hub: docker.io/istio\`.`
}

const retired = [
  'istio-release.storage.googleapis.com',
  'storage.googleapis.com/istio-release',
  'gcr.io/istio-release',
  'registry.istio.io',
]
