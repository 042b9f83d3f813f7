import {existsSync, readdirSync, readFileSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {addressesOf} from './addresses.ts'
import {apiOf} from './api.ts'
import {boot} from './boot.ts'
import {type Build, build} from './build/build.ts'
import {imageNames} from './build/images.ts'
import {lock, tryLock} from './lock.ts'
import {runDirOf, runRoot, sourceDir} from './paths.ts'
import {isAlive} from './process-identity.ts'
import {closeSandbox, initOf} from './sandbox.ts'
import {newestIstio, versions} from './versions.ts'

export {reset} from './reset.ts'
export {type ExternalCluster, target} from './target.ts'

/** A running bed, and where everything in it is. */
export interface Bed {
  kind: 'bed'
  number: number
  /** Path of the administrator's kubeconfig. */
  kubeconfig: string
  apiServer: string
  nodeIp: string
  /** Name of its network namespace. */
  netns: string
  runDir: string
  logDir: string
  /** PEM file of the authority that signs the API server and the artifact server. */
  caFile: string
  /** `https://NODE_IP:8443` */
  artifacts: string
  /** `sha256` is the digest of the linux-amd64 archive below `mirror`. */
  helm: {version: string; mirror: string; sha256: string}
  charts: {http: string; oci: string}
  istioVersions: string[]
  /** YAML that an istiod chart here needs, for the proxy is upstream's Envoy. */
  istiodValues: string
  /** Folder of kubectl, helm, istioctl, crane and the components. */
  bin: string
  images: {echo: string; pause: string; proxy: string}
}

export interface UpOptions {
  bed?: number
  onProgress?: (line: string) => void
}

/** Returns that bed, running and healthy: the one that runs already, or a new one; builds what is missing first. */
export async function up({bed = 0, onProgress = () => {}}: UpOptions = {}): Promise<Bed> {
  if (process.getuid?.() !== 0) throw new Error('The test bed makes network namespaces, mounts and cgroups: run it as root')
  const built = await build(onProgress)
  const release = await lock(`bed-${bed}`, () => onProgress(`waiting for another process that is working on bed ${bed}`))
  try {
    await reap(bed, onProgress)
    if (await isHealthy(bed)) return describe(bed, recordedBuild(bed))
    await closeSandbox(addressesOf(bed))
    await boot({bed, build: built, onProgress})
    writeFileSync(recordOf(bed), JSON.stringify(built))
    return describe(bed, built)
  } finally {
    await release()
  }
}

/** Ends that bed and removes all that it made; a bed that does not run is fine. */
export async function down({bed = 0}: {bed?: number} = {}): Promise<void> {
  const release = await lock(`bed-${bed}`)
  try {
    await closeSandbox(addressesOf(bed))
  } finally {
    await release()
  }
}

/** One line of `status`. */
export interface BedStatus {
  number: number
  /** `stale`: its processes or its owner are gone, the next `up` removes it. */
  state: 'healthy' | 'unhealthy' | 'starting' | 'stale'
  bed?: Bed
}

/** All beds of this machine. */
export async function status(): Promise<BedStatus[]> {
  return Promise.all(
    recordedBeds().map(async number => {
      if (await isHealthy(number)) return {number, state: 'healthy' as const, bed: describe(number, recordedBuild(number))}
      if (await isStale(number)) return {number, state: 'stale' as const}
      return {number, state: existsSync(recordOf(number)) ? ('unhealthy' as const) : ('starting' as const)}
    }),
  )
}

/** Removes beds that nobody will: those whose process 1 is gone, and starts that were killed; `mine` is locked by the caller. */
async function reap(mine: number, onProgress: (line: string) => void): Promise<void> {
  for (const number of recordedBeds()) {
    if (number === mine) continue
    const release = await tryLock(`bed-${number}`)
    // Whoever holds the lock is starting or ending it right now.
    if (!release) continue
    try {
      if (existsSync(recordOf(number)) && isAlive(initOf(number))) continue
      onProgress(`removing bed ${number}, whose owner is gone`)
      await closeSandbox(addressesOf(number))
    } finally {
      await release()
    }
  }
}

async function isStale(number: number): Promise<boolean> {
  if (existsSync(recordOf(number)) && isAlive(initOf(number))) return false
  const release = await tryLock(`bed-${number}`)
  await release?.()
  return release !== undefined
}

async function isHealthy(number: number): Promise<boolean> {
  if (!existsSync(recordOf(number)) || !isAlive(initOf(number))) return false
  const api = apiOf(`https://${addressesOf(number).nodeIp}:6443`, join(runDirOf(number), 'pki'))
  return api.request('GET', '/readyz').then(answer => answer.text === 'ok', () => false)
}

/** Written when the bed is ready, and only then. */
function recordOf(number: number): string {
  return join(runDirOf(number), 'bed.json')
}

function recordedBuild(number: number): Build {
  return JSON.parse(readFileSync(recordOf(number), 'utf8')) as Build
}

function recordedBeds(): number[] {
  if (!existsSync(runRoot)) return []
  return readdirSync(runRoot).flatMap(name => (/^bed-\d$/.test(name) ? [Number(name.slice(-1))] : []))
}

function describe(number: number, built: Build): Bed {
  const {name, nodeIp} = addressesOf(number)
  const runDir = runDirOf(number)
  const artifacts = `https://${nodeIp}:8443`
  return {
    kind: 'bed',
    number,
    kubeconfig: join(runDir, 'pki', 'admin.kubeconfig'),
    apiServer: `https://${nodeIp}:6443`,
    nodeIp,
    netns: name,
    runDir,
    logDir: join(runDir, 'log'),
    caFile: join(runDir, 'pki', 'ca.crt'),
    artifacts,
    helm: {version: versions.helm, mirror: `${artifacts}/helm`, sha256: built.helmSha256},
    charts: {http: `${artifacts}/charts`, oci: `oci://${nodeIp}:8443/charts`},
    istioVersions: [...versions.istio],
    istiodValues: readFileSync(join(sourceDir, 'istiod-values.yaml'), 'utf8'),
    bin: built.bin,
    images: {echo: `docker.io/${imageNames.echo}`, pause: `docker.io/${imageNames.pause}`, proxy: `docker.io/istio/proxyv2:${newestIstio}`},
  }
}
