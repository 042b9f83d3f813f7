import type {Io, Kube} from '../io/io.ts'
import {Failure} from '../model/failure.ts'
import type {Chart} from './charts.ts'
import {pressed} from './deadline.ts'
import {troublesOf, watchedOf, whileWatching} from './diagnosis.ts'
import {type HelmTarget, nextRevision, repairArgs, upgradeArgs} from './helm-args.ts'
import {type HelmProgram, runHelm} from './helm-child.ts'
import {helmFailure} from './helm-failure.ts'
import {whatToDo} from './plan.ts'
import type {ReleasePlan} from './release-plan.ts'
import {noteRepair} from './repair-note.ts'
import type {Values} from './values.ts'

/** All that one release is made of. */
export interface ReleaseWish {
  plan: ReleasePlan
  chart: Chart
  version: string
  revision: string
  hub: string
  values: Values
}

type Outside = Pick<Io, 'shell' | 'files' | 'log' | 'clock' | 'runner' | 'cancelled' | 'changes'>

/** Brings one release about and says what it did; changes nothing when all is as wished. Throws a `Failure` with the pods' own reasons. */
export async function applyRelease(
  wish: ReleaseWish,
  helm: HelmProgram,
  target: HelmTarget,
  kube: Kube,
  io: Outside,
): Promise<'install' | 'upgrade' | 'unchanged'> {
  const {plan, chart, version, values} = wish
  const does = whatIsToDo(wish, io)
  if (does === 'unchanged') return does
  const first = pressed(target, io)
  const repair = repairArgs(plan, first)
  if (plan.repair !== '') io.log.line(`helm release ${plan.name} was left ${plan.status}: ${plan.repair} first`)
  if (plan.repair === 'rollback') {
    io.changes.begin()
    await noteRepair({release: plan.name, revision: plan.helmRevision + 1}, kube)
  }
  if (plan.repair === 'forget') {
    io.changes.begin()
    await forget(plan, kube)
  }
  if (repair !== null) {
    await helmOrFail(repair, wish, helm, first, kube, io).catch((thrown) => {
      // Its record is `failed` then, which is as good: the upgrade writes all that a rollback could not. helm 4 cannot go back to what an install
      // rendered, for istiod has written its webhooks' failurePolicy since (istio-discovery/templates/validatingwebhookconfiguration.yaml).
      if (plan.repair !== 'rollback' || !(thrown instanceof HelmRefused)) throw thrown
      io.log.line(`${thrown.message} The upgrade goes on from there.`)
    })
  }
  const files = await valueFiles(values, io)
  const mark = {version, chart: chart.digest, values: digestOf(values, io), helmRevision: nextRevision(plan)}
  const now = pressed(target, io)
  await helmOrFail(upgradeArgs(plan, chart.path, files, mark, now), wish, helm, now, kube, io)
  if (plan.repair === 'rollback') await noteRepair(null, kube)
  return does
}

/** Takes helm's record away as it was planned with, and no other: a helm that lived on, or somebody else's, may have brought the release about meanwhile. */
async function forget(plan: ReleasePlan, kube: Kube): Promise<void> {
  const path = recordPath(plan)
  const record = await kube.find(path)
  if (record === null) return
  const {labels = {}, uid, resourceVersion} = record.metadata
  if (labels['status'] !== plan.status) {
    throw new Failure(
      `helm release \`${plan.name}\` was \`${plan.status}\`, and is \`${labels['status']}\` now: another helm is at work on it.`,
      {
        cure: 'Let it end, and run again.',
        entry: 'release-pending',
      },
    )
  }
  await kube.remove(path, {...(uid !== undefined && {uid}), ...(resourceVersion !== undefined && {resourceVersion})})
}

/** helm's record of the newest revision (helm pkg/storage/storage.go: makeKey). */
function recordPath({namespace, name, helmRevision}: ReleasePlan): string {
  return `/api/v1/namespaces/${namespace}/secrets/sh.helm.release.v1.${name}.v${helmRevision}`
}

/** What `applyRelease` would do. */
export function whatIsToDo({plan, version, chart, values}: ReleaseWish, io: Pick<Io, 'files'>): 'install' | 'upgrade' | 'unchanged' {
  return whatToDo(plan, {version, chart: chart.digest, values: digestOf(values, io)})
}

function digestOf({canonical}: Values, io: Pick<Io, 'files'>): string {
  return io.files.sha256(Buffer.from(canonical))
}

async function helmOrFail(
  args: string[],
  wish: ReleaseWish,
  helm: HelmProgram,
  target: HelmTarget,
  kube: Kube,
  io: Outside,
): Promise<void> {
  io.changes.begin()
  const running = runHelm(args, helm, target.timeoutMs, io)
  const watched = watchedOf(wish.plan, wish.revision)
  const result = await (watched === null ? running : whileWatching(running, kube, watched, io))
  if (result.code === 0) return
  const troubles = watched === null ? [] : await troublesOf(watched, kube).catch(() => [])
  const failure = helmFailure({
    release: wish.plan.name,
    output: `${result.stdout}\n${result.stderr}`,
    timedOut: result.timedOut,
    signal: result.signal,
    troubles,
    hub: wish.hub,
  })
  throw result.timedOut || result.signal !== null ? failure : new HelmRefused(failure)
}

/** helm came to an end by itself, and says that it could not. */
class HelmRefused extends Failure {
  constructor({message, cure, entry}: Failure) {
    super(message, {cure, entry})
  }
}

/** Values go to helm as private files: on a command line every process of the runner could read them, and a comma would split them. */
export async function valueFiles({ours, users}: Values, io: Pick<Io, 'files'>): Promise<string[]> {
  const folder = await io.files.makeTempFolder('values-')
  const files = [`${folder}/ours.yaml`]
  await io.files.writePrivate(`${folder}/ours.yaml`, ours)
  if (users !== '') {
    files.push(`${folder}/users.yaml`)
    await io.files.writePrivate(`${folder}/users.yaml`, users)
  }
  return files
}
