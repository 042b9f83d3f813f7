import {readFileSync} from 'node:fs'
import {join} from 'node:path'
import type {Bed} from './bed.ts'
import type {ExternalCluster} from './target.ts'

/** One of the shop's manifests (`shop`, `broken`, `fixed`) as text, with an image that the cluster can pull. */
export function shopManifest(name: 'shop' | 'broken' | 'fixed', cluster: Bed | ExternalCluster): string {
  const text = readFileSync(join(import.meta.dirname, 'scenarios', 'shop', `${name}.yaml`), 'utf8')
  return cluster.kind === 'bed' ? text : text.replaceAll('docker.io/istio/app:1', process.env.SHOP_IMAGE ?? echoImage)
}

/** Where Istio's own tests take the same echo workload from; SHOP_IMAGE names another place. */
const echoImage = 'gcr.io/istio-testing/app:latest'
