import {readFileSync} from 'node:fs'
import {join} from 'node:path'
import {httpsRequest} from '../api.ts'
import type {Component} from '../component.ts'
import {sourceDir} from '../paths.ts'
import type {Plan} from './plan.ts'

/** The server of helm archives and charts (artifact-server.ts). */
export function artifacts({addresses, runDir, pki, build}: Plan): Component {
  const settings = {
    address: addresses.nodeIp,
    port: 8443,
    certificate: `${pki}/artifacts.crt`,
    key: `${pki}/artifacts.key`,
    folder: build.artifacts,
    registry: `http://${addresses.nodeIp}:5000`,
    accessLog: `${runDir}/log/artifacts.access.jsonl`,
  }
  return {
    name: 'artifacts',
    needs: [],
    files: {[`${runDir}/artifacts.json`]: JSON.stringify(settings, null, 1)},
    command: [process.execPath, join(sourceDir, 'artifact-server.ts'), `${runDir}/artifacts.json`],
    ready: async () => (await httpsRequest(`https://${addresses.nodeIp}:8443/healthz`, {ca: readFileSync(`${pki}/ca.crt`)})).status === 200,
  }
}
