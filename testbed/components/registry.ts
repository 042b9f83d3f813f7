import type {Component} from '../component.ts'
import {putManifests} from '../build/registry-content.ts'
import {answers} from './healthz.ts'
import type {Plan} from './plan.ts'

/** The OCI registry with images and charts: blobs lie on disk, manifests it keeps in memory only and gets at each start. */
export function registry({addresses, runDir, build}: Plan): Component {
  const address = `${addresses.nodeIp}:5000`
  return {
    name: 'registry',
    needs: [],
    command: [`${build.bin}/crane`, 'registry', 'serve', '--address', address, '--disk', `${runDir}/registry`],
    ready: () => answers(`http://${address}/v2/`),
    fill: () => putManifests(`http://${address}`, build.manifests),
  }
}
