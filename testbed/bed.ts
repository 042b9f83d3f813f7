import {readFileSync} from 'node:fs'
import {join} from 'node:path'
import {addressesOf} from './addresses.ts'
import {boot, silentComponents} from './boot.ts'
import {type Build, build} from './build/build.ts'
import {imageNames} from './build/images.ts'
import {interruptible} from './interruption.ts'
import {lock, tryLock} from './lock.ts'
import {runDirOf, sourceDir} from './paths.ts'
import {isAlive} from './process-identity.ts'
import {recordBed, recordedBeds, recordedBuild} from './record.ts'
import {closeSandbox, initOf} from './sandbox.ts'
import {pause} from './shell.ts'
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
  /** The same of helm 3. */
  helm3: {version: string; mirror: string; sha256: string}
  charts: {http: string; oci: string}
  istioVersions: string[]
  /** A version one minor before those, in name alone (versions.ts). */
  istioBefore: string
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

/**
 * Returns that bed, running and healthy: the one that runs already, or a new one; builds what is missing first. Concurrent calls
 * wait for each other; what fails or is interrupted is undone.
 */
export async function up({bed = 0, onProgress = () => {}}: UpOptions = {}): Promise<Bed> {
  const addresses = addressesOf(bed)
  requireMachine()
  return interruptible(async (signal) => {
    const built = await build(onProgress)
    const release = await lock(`bed-${bed}`, () => onProgress(`waiting for another process that is working on bed ${bed}`))
    try {
      signal.throwIfAborted()
      await reap(bed, onProgress)
      const running = await healthyBuild(bed, onProgress)
      if (running) {
        if (running.artifacts !== built.artifacts)
          onProgress(`bed ${bed} runs from other sources than these; take it down first to renew it`)
        return describe(bed, running)
      }
      await closeSandbox(addresses)
      await boot({bed, build: built, onProgress, signal})
      recordBed(bed, built)
      return describe(bed, built)
    } finally {
      await release()
    }
  })
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
  /** Components that do not answer. */
  silent?: string[]
  bed?: Bed
}

/** All beds of this machine. */
export async function status(): Promise<BedStatus[]> {
  return Promise.all(
    recordedBeds().map(async (number) => {
      const built = recordedBuild(number)
      if (!built) return {number, state: (await isLocked(number)) ? ('starting' as const) : ('stale' as const)}
      if (!isAlive(initOf(number))) return {number, state: 'stale' as const}
      const silent = await silentComponents(number, built)
      return {number, state: silent.length === 0 ? ('healthy' as const) : ('unhealthy' as const), silent, bed: describe(number, built)}
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
      if (recordedBuild(number) && isAlive(initOf(number))) continue
      onProgress(`removing bed ${number}, whose owner is gone`)
      await closeSandbox(addressesOf(number))
    } finally {
      await release()
    }
  }
}

/** The build that bed runs from, if it runs and answers; a busy machine may make it slow to. */
async function healthyBuild(number: number, onProgress: (line: string) => void): Promise<Build | undefined> {
  const built = recordedBuild(number)
  if (!built || !isAlive(initOf(number))) return undefined
  let silent: string[] = []
  for (let tries = 0; tries < 20; tries++) {
    silent = await silentComponents(number, built)
    if (silent.length === 0) return built
    await pause(500)
  }
  onProgress(`bed ${number} runs but ${silent.join(', ')} does not answer: starting it anew`)
  return undefined
}

async function isLocked(number: number): Promise<boolean> {
  const release = await tryLock(`bed-${number}`)
  await release?.()
  return release === undefined
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
    helm3: {version: versions.helm3, mirror: `${artifacts}/helm`, sha256: built.helm3Sha256},
    charts: {http: `${artifacts}/charts`, oci: `oci://${nodeIp}:8443/charts`},
    istioVersions: [...versions.istio],
    istioBefore: versions.istioBefore.version,
    istiodValues: readFileSync(join(sourceDir, 'istiod-values.yaml'), 'utf8'),
    bin: built.bin,
    images: {echo: `docker.io/${imageNames.echo}`, pause: `docker.io/${imageNames.pause}`, proxy: `docker.io/istio/proxyv2:${newestIstio}`},
  }
}

function requireMachine(): void {
  if (process.platform !== 'linux' || process.arch !== 'x64')
    throw new Error(
      `The test bed runs on Linux on x86-64, not on ${process.platform} ${process.arch}: point KUBECONFIG at a cluster instead`,
    )
  if (process.getuid?.() !== 0)
    throw new Error('The test bed makes network namespaces, mounts and cgroups: run it as root, or point KUBECONFIG at a cluster instead')
}
