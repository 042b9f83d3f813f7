import {execFileSync} from 'node:child_process'
import {canary} from '../../src/canary/canary.ts'
import {previousLabels} from '../../src/enforce/enrol-plan.ts'
import {install} from '../../src/install/install.ts'
import {uninstall} from '../../src/install/uninstall.ts'
import type {Io} from '../../src/io/io.ts'
import type {Outcome} from '../../src/model/report.ts'
import {readEnrolling} from '../../src/observe/enrolling.ts'
import type {Bed} from '../../testbed/bed.ts'
import {type OnBed, onBed} from '../install/on-bed.ts'

/** A cluster in the hands of one helm, and the stages of the action that install, move and remove. */
export interface Life {
  on: OnBed
  /** Installs as a run does, then goes on as a canary upgrade where there is one, which waits for `patience`; `io` stands in for the real outside. */
  run(given?: Record<string, string>, more?: {io?: Io; patience?: string}): Promise<{installed: Outcome; moved: Outcome | null}>
  remove(given?: Record<string, string>): Promise<Outcome>
  kubectl(args: string[], input?: string): string
  /** helm's own list of releases, as `name revision status`. */
  releases(): string[]
  /** Of each injected pod of a namespace: its workload's label `app` and the revision that its proxy belongs to. */
  proxies(namespace: string): string[]
}

/** Opens a bed with helm 3 or helm 4, whose archive comes from the bed's own mirror. */
export async function lifeWith(helm: 'helm' | 'helm3', bed: Bed): Promise<Life> {
  const on = await onBed(bed)
  const {version, sha256} = bed[helm]
  const inputs = (given: Record<string, string>) => on.inputs({'helm-version': version, 'helm-checksum': sha256, ...given})
  const kubectl = (args: string[], input?: string) =>
    execFileSync(`${bed.bin}/kubectl`, ['--kubeconfig', bed.kubeconfig, ...args], {encoding: 'utf8', ...(input && {input})}).trim()
  return {
    on,
    kubectl,
    async run(given = {}, {io = on.io, patience} = {}) {
      const asked = inputs(given)
      const installed = await install({...asked, isAlone: true}, on.kube, on.kubeconfigPath, io)
      if (installed.canary === null) return {installed, moved: null}
      const waiting = patience === undefined ? asked : inputs({...given, timeout: patience})
      return {installed, moved: await canary(waiting, installed.canary, on.kube, () => readEnrolling(on.kube, previousLabels, io), io)}
    },
    remove: (given = {}) =>
      uninstall(inputs({mode: 'uninstall', ...given}), {kube: on.kube, kubeconfigPath: on.kubeconfigPath, letGo: async () => {}}, on.io),
    releases: () =>
      (
        JSON.parse(
          execFileSync(`${bed.bin}/helm`, ['--kubeconfig', bed.kubeconfig, '--namespace', 'istio-system', 'list', '--output', 'json'], {
            encoding: 'utf8',
          }),
        ) as {name: string; revision: string; status: string}[]
      ).map(({name, revision, status}) => `${name} ${revision} ${status}`),
    proxies: (namespace) =>
      (JSON.parse(kubectl(['-n', namespace, 'get', 'pods', '-o', 'json'])) as PodList).items
        .filter(({metadata}) => metadata.deletionTimestamp === undefined)
        .map(({metadata: {labels, annotations}}) => {
          const status = annotations?.['sidecar.istio.io/status']
          return `${labels['app']} ${status === undefined ? 'none' : JSON.parse(status).revision}`
        })
        .sort(),
  }
}

interface PodList {
  items: {metadata: {labels: Record<string, string>; annotations?: Record<string, string>; deletionTimestamp?: string}}[]
}

/** A namespace with these labels and one small HTTP workload per name in it. */
export function appsIn(namespace: string, labels: Record<string, string>, names: string[], image: string): string {
  const apps = names.map(
    (app) => `
apiVersion: apps/v1
kind: Deployment
metadata: {name: ${app}, namespace: ${namespace}}
spec:
  selector: {matchLabels: {app: ${app}}}
  template:
    metadata: {labels: {app: ${app}}}
    spec:
      terminationGracePeriodSeconds: 1
      containers:
      - {name: app, image: ${image}, args: [--port=8080], ports: [{containerPort: 8080}], resources: {requests: {cpu: 5m, memory: 16Mi}}}`,
  )
  return [`apiVersion: v1\nkind: Namespace\nmetadata: {name: ${namespace}, labels: ${JSON.stringify(labels)}}`, ...apps].join('\n---\n')
}
