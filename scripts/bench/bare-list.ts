import {readFileSync} from 'node:fs'
import {Agent, get} from 'node:https'
import {join} from 'node:path'

// The least that any reader must do: `node bare-list.ts SERVER PKI` lists the built-in kinds that a snapshot is made from, each in one answer
// in protobuf, and drops the bytes.
const [server = '', pki = ''] = process.argv.slice(2)
const file = (name: string) => readFileSync(join(pki, name))
const agent = new Agent({keepAlive: true, ca: file('ca.crt'), cert: file('admin.crt'), key: file('admin.key')})
const core = ['pods', 'services', 'namespaces', 'configmaps?fieldSelector=metadata.name%3Distio-ca-root-cert'].map(
  (kind) => `/api/v1/${kind}`,
)
const apps = ['deployments', 'statefulsets', 'daemonsets', 'replicasets'].map((kind) => `/apis/apps/v1/${kind}`)
const batch = ['jobs', 'cronjobs'].map((kind) => `/apis/batch/v1/${kind}`)

const sizes = await Promise.all(
  [...core, ...apps, ...batch].map(
    (path) =>
      new Promise<number>((resolve, reject) => {
        get(server + path, {agent, headers: {accept: 'application/vnd.kubernetes.protobuf'}}, (response) => {
          let size = 0
          response.on('data', (chunk: Uint8Array) => {
            size += chunk.length
          })
          response.on('end', () => (response.statusCode === 200 ? resolve(size) : reject(new Error(`${path}: ${response.statusCode}`))))
        }).on('error', reject)
      }),
  ),
)
agent.destroy()
console.log(sizes.reduce((sum, size) => sum + size, 0))
