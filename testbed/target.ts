import {existsSync, readFileSync} from 'node:fs'
import type {Bed} from './bed.ts'
import {status, up} from './bed.ts'

/** A cluster that somebody else runs: kind, k3d, a cloud. */
export interface ExternalCluster {
  kind: 'external'
  /** Path of the kubeconfig that names it. */
  kubeconfig: string
  context: string
  apiServer: string
}

/**
 * The cluster for demo and cluster tests: where KUBECONFIG names one that answers, that one (and says so); else the bed.
 * A KUBECONFIG that names a cluster which does not answer is an error: silently testing another one would prove nothing.
 */
export async function target({
  bed,
  onProgress = (line) => console.error(line),
}: {
  bed?: number
  onProgress?: (line: string) => void
} = {}): Promise<Bed | ExternalCluster> {
  const path = process.env.KUBECONFIG
  if (!path) return up({bed, onProgress})
  const own = (await status()).find(({bed: running}) => running && sameServer(path, running.apiServer))
  if (own?.bed) return own.bed
  const cluster = await externalCluster(path)
  onProgress(`using the cluster \`${cluster.context}\` at ${cluster.apiServer}, which KUBECONFIG names, in place of the test bed`)
  return cluster
}

function sameServer(path: string, server: string): boolean {
  return existsSync(path) && readFileSync(path, 'utf8').includes(`server: ${server}\n`)
}

async function externalCluster(path: string): Promise<ExternalCluster> {
  // Loaded only here: the bed itself does without it, and it is slow to load.
  const {KubeConfig, VersionApi} = await import('@kubernetes/client-node')
  const config = new KubeConfig()
  config.loadFromDefault()
  const apiServer = config.getCurrentCluster()?.server
  if (!apiServer)
    throw new Error(`\`${path}\`, which KUBECONFIG names, has no current cluster: correct it, or unset KUBECONFIG to use the test bed`)
  try {
    await config.makeApiClient(VersionApi).getCode()
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new Error(
      `The cluster at \`${apiServer}\`, which KUBECONFIG names, does not answer (${reason}): start it, or unset KUBECONFIG to use the test bed`,
    )
  }
  return {kind: 'external', kubeconfig: path, context: config.getCurrentContext(), apiServer}
}
