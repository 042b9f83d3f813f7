import {join} from 'node:path'
import type {Io} from '../io/io.ts'
import {Failure, messageOf} from '../model/failure.ts'
import type {Inputs} from '../model/inputs.ts'
import {expectedChecksum} from './helm-checksum.ts'
import {helmEnv} from './helm-env.ts'
import {type HelmPlatform, helmPlatform} from './platform.ts'

/** A helm of this run alone, out of an archive whose SHA-256 was verified just before. */
export interface Helm {
  path: string
  /** With its `v`. */
  version: string
  /** Of the archive, lower-case hex. */
  sha256: string
  source: 'cache' | 'download'
  /** All that helm may see of the runner's environment. */
  env: Record<string, string>
}

/** Which helm, whence, and how long its download may take. */
export interface HelmWish {
  version: string
  checksum: string
  mirror: string
  timeoutMs?: number
}

/**
 * Helm `version`, from the tool cache or from `mirror`. What the cache keeps is the archive, for it has a published checksum: every run
 * verifies it anew and extracts the one known member into RUNNER_TEMP. On any mismatch a `Failure`, and nothing was executed.
 */
export async function acquireHelm(wish: HelmWish, io: Io): Promise<Helm> {
  const version = `v${wish.version.replace(/^v/, '')}`
  const platform = helmPlatform(io.runner.platform, io.runner.arch)
  const archive = `helm-${version}-${platform.name}.${platform.extension}`
  const sha256 = expectedChecksum(version, platform.name, archive, wish.checksum)
  const timeoutMs = Math.min(wish.timeoutMs ?? downloadMs, downloadMs)
  const wanted = {version, platform, archive, sha256, url: `${wish.mirror.replace(/\/+$/, '')}/${archive}`, timeoutMs}

  const cached = await fromCache(wanted, io)
  const bytes = cached ?? (await download(wanted, io))
  const folder = await io.files.makeTempFolder('istio-mtls-helm-')
  const path = join(folder, platform.program)
  await io.files.writePrivate(path, await program(bytes, wanted, io), 0o700)
  return {path, version, sha256, source: cached === null ? 'download' : 'cache', env: helmEnv(folder, io.runner.env)}
}

/** What the inputs say of helm. */
export function helmWish({helmVersion, helmChecksum, helmMirror}: Pick<Inputs, 'helmVersion' | 'helmChecksum' | 'helmMirror'>): HelmWish {
  return {version: helmVersion, checksum: helmChecksum, mirror: helmMirror}
}

interface Wanted {
  version: string
  platform: HelmPlatform
  archive: string
  sha256: string
  url: string
  timeoutMs: number
}

async function fromCache({version, platform, archive, sha256}: Wanted, io: Io): Promise<Uint8Array | null> {
  const folder = await io.toolCache.find(tool, version.slice(1), platform.name)
  if (folder === null) return null
  const bytes = await io.files.readBytes(join(folder, archive)).catch(() => null)
  if (bytes === null) return null
  const found = io.files.sha256(bytes)
  if (found === sha256) return bytes
  io.log.annotate(
    'warning',
    `The tool cache's \`${archive}\` has SHA-256 \`${found}\`, not \`${sha256}\`: it is not used and helm is downloaded anew.`,
  )
  return null
}

async function download(wanted: Wanted, io: Io): Promise<Uint8Array> {
  const {url, sha256, timeoutMs} = wanted
  const bytes = await io.downloads.bytes(url, {
    maxBytes: maxArchiveBytes,
    timeoutMs,
    onRetry: (why) => io.log.line(`${url}: ${why}`),
  })
  const found = io.files.sha256(bytes)
  if (found !== sha256) {
    throw new Failure(`\`${url}\` has SHA-256 \`${found}\` but \`${sha256}\` was expected: it was thrown away and nothing was executed.`, {
      cure: "Check `helm-mirror`, and that `helm-checksum` is that of this version's archive for this runner's platform. If both are right, the archive was tampered with.",
      entry: 'helm-checksum-mismatch',
    })
  }
  await keep(wanted, bytes, io)
  return bytes
}

/** Best effort: a cache or a disk that takes nothing costs the next run a download, nothing else. */
async function keep({version, platform, archive}: Wanted, bytes: Uint8Array, io: Io): Promise<void> {
  const folder = await io.files.makeTempFolder('istio-mtls-helm-')
  try {
    await io.files.writePrivate(join(folder, archive), bytes)
    const kept = await io.toolCache.keep(join(folder, archive), archive, tool, version.slice(1), platform.name)
    if (kept === null) io.log.detail(`${archive} could not be kept in the tool cache`)
  } catch (thrown) {
    io.log.detail(`${archive} could not be kept in the tool cache: ${messageOf(thrown)}`)
  } finally {
    await io.files.remove(folder)
  }
}

async function program(bytes: Uint8Array, {url, platform}: Wanted, io: Io): Promise<Uint8Array> {
  const damaged = (found: string, cause?: unknown) =>
    new Failure(`\`${url}\` has the expected SHA-256, but ${found}.`, {
      cure: 'Check that `helm-checksum` belongs to an archive as helm publishes it.',
      entry: 'helm-checksum-mismatch',
      cause,
    })
  const found = await io.files.member(bytes, platform.member, maxProgramBytes).catch((thrown) => {
    throw damaged(`it cannot be unpacked: ${messageOf(thrown)}`, thrown)
  })
  if (found === null) throw damaged(`it holds no \`${platform.member}\``)
  return found
}

const tool = 'istio-mtls-helm'
const downloadMs = 5 * 60_000
const maxArchiveBytes = 100 * 1024 * 1024
const maxProgramBytes = 200 * 1024 * 1024
