import type {Bed} from './bed.ts'
import type {ExternalCluster} from './target.ts'

/** What a step needs to work on a cluster: on a bed its own downloads, whose certificate the bed's authority signed, as a company's mirror would. */
export function stepFor(cluster: Bed | ExternalCluster): {inputs: Record<string, string>; env: Record<string, string>} {
  const inputs = {kubeconfig: cluster.kubeconfig, 'cluster-name': 'preview-17'}
  if (cluster.kind !== 'bed') return {inputs, env: {}}
  const {helm, charts, istioVersions, istiodValues, caFile} = cluster
  return {
    inputs: {
      ...inputs,
      'helm-mirror': helm.mirror,
      'helm-version': helm.version,
      'helm-checksum': helm.sha256,
      charts: `${charts.oci}\n${charts.http}`,
      'istio-version': istioVersions.at(-1) ?? '',
      values: istiodValues,
    },
    env: {NODE_EXTRA_CA_CERTS: caFile, SSL_CERT_FILE: caFile},
  }
}
