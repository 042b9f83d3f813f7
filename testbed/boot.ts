import {spawn} from 'node:child_process'
import {closeSync, cpSync, existsSync, linkSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {dirname, join} from 'node:path'
import {type Addresses, addressesOf} from './addresses.ts'
import {apiOf} from './api.ts'
import type {Build} from './build/build.ts'
import {type Component, type Running, StartError, startAll} from './component.ts'
import {componentsOf} from './components/all.ts'
import type {Plan} from './components/plan.ts'
import {runDirOf} from './paths.ts'
import {makePki} from './pki.ts'
import type {ProcessIdentity} from './process-identity.ts'
import {closeSandbox, initOf, openSandbox} from './sandbox.ts'

export interface BootOptions {
  bed: number
  build: Build
  onProgress: (line: string) => void
  /** Ends the start, which is then undone. */
  signal?: AbortSignal
  /** Lets a test break a component. */
  change?: (components: Component[]) => Component[]
}

/** Boots that bed from nothing until DNS answers in it; a failed start is undone and its error ends with the log of the guilty component. */
export async function boot({bed, build, onProgress, signal, change = (components) => components}: BootOptions): Promise<void> {
  const addresses = addressesOf(bed)
  try {
    const plan = await prepare(addresses, build)
    const began = Date.now()
    const onReady = ({name}: Component) => onProgress(`${name} ready after ${((Date.now() - began) / 1000).toFixed(1)} s`)
    await startAll(change(componentsOf(plan)), {launch: (component) => launch(component, plan), onReady, signal})
  } catch (error) {
    const log = error instanceof StartError ? tailOf(bed, error.component.log ?? error.component.name) : ''
    await closeSandbox(addresses)
    throw log ? new Error(`${(error as Error).message}\nThe end of its log:\n${log}`, {cause: error}) : error
  }
}

/** The names of components that do not do their work now; the bed must have booted with that build. */
export async function silentComponents(bed: number, build: Build): Promise<string[]> {
  const components = componentsOf(planOf(addressesOf(bed), build, initOf(bed) as ProcessIdentity))
  const silent = await Promise.all(components.map(async ({name, ready}) => ((await ready().catch(() => false)) ? [] : [name])))
  return silent.flat()
}

/** The last lines of a component's log; empty where it has none. */
export function tailOf(bed: number, component: string, lines = 30): string {
  const file = join(runDirOf(bed), 'log', `${component}.log`)
  return existsSync(file) ? readFileSync(file, 'utf8').trimEnd().split('\n').slice(-lines).join('\n') : ''
}

async function prepare(addresses: Addresses, build: Build): Promise<Plan> {
  const runDir = runDirOf(addresses.number)
  const pki = join(runDir, 'pki')
  mkdirSync(join(runDir, 'log'), {recursive: true})
  // What the node finds at its usual places, without the machine seeing any of it.
  placeFiles(build.cni, join(runDir, 'overlay/opt/cni/bin'))
  write(join(runDir, 'overlay/etc/cni/net.d/10-bridge.conflist'), cniConfig(addresses))
  placeFiles(build.blobs, join(runDir, 'registry'))
  await makePki(pki, addresses)
  return planOf(addresses, build, await openSandbox(addresses))
}

function planOf(addresses: Addresses, build: Build, init: ProcessIdentity): Plan {
  const runDir = runDirOf(addresses.number)
  const pki = join(runDir, 'pki')
  return {addresses, runDir, pki, build, api: apiOf(`https://${addresses.nodeIp}:6443`, pki), init}
}

function launch({name, command = [], files = {}}: Component, {build, runDir, init}: Plan): Running {
  for (const [file, text] of Object.entries(files)) write(file, text)
  const log = openSync(join(runDir, 'log', `${name}.log`), 'w')
  const child = spawn('nsenter', [`--target=${init.pid}`, '--mount', '--net', '--pid', '--wd=/', '--', ...command], {
    detached: true,
    stdio: ['ignore', log, log],
    cwd: '/',
    // A proxy of the machine must not stand between containerd and the bed's own registry.
    env: {PATH: `${build.bin}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`, HOME: '/root'},
  })
  closeSync(log)
  child.unref()
  return {
    ended: new Promise((resolve) =>
      child.on('error', (error) => resolve(error.message)).on('exit', (code, signal) => resolve(signal ?? `code ${code}`)),
    ),
  }
}

function write(file: string, text: string): void {
  mkdirSync(dirname(file), {recursive: true})
  writeFileSync(file, text)
}

/** Links the files of a folder (copies them where the cache lies on another file system). */
function placeFiles(from: string, to: string): void {
  mkdirSync(to, {recursive: true})
  for (const entry of readdirSync(from, {withFileTypes: true})) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)]
    if (entry.isDirectory()) placeFiles(source, target)
    else {
      rmSync(target, {force: true})
      try {
        linkSync(source, target)
      } catch {
        cpSync(source, target)
      }
    }
  }
}

function cniConfig({podsNet}: Addresses): string {
  const ipam = {type: 'host-local', ranges: [[{subnet: podsNet}]], routes: [{dst: '0.0.0.0/0'}]}
  const bridge = {type: 'bridge', bridge: 'cni0', isGateway: true, ipMasq: true, hairpinMode: true, ipam}
  return JSON.stringify(
    {cniVersion: '1.0.0', name: 'bed', plugins: [bridge, {type: 'portmap', capabilities: {portMappings: true}}]},
    null,
    1,
  )
}
