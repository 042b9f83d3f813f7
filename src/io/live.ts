import {Failure} from '../model/failure.ts'
import {changeCount} from './changes.ts'
import {liveClock} from './clock.ts'
import {liveDownloads} from './downloads.ts'
import {liveFiles} from './files.ts'
import {type GitHubAddress, gitHub} from './github.ts'
import type {ConnectOptions, Io, Kube} from './io.ts'
import {kubeOver} from './kube.ts'
import {openTransport} from './kube-transport.ts'
import {liveKubeconfigs} from './kubeconfig.ts'
import {refusalOf} from './kubeconfig-refusals.ts'
import {chosenFrom, kubeconfigFrom} from './kubeconfig-text.ts'
import {liveLog} from './log.ts'
import {liveRunner} from './runner.ts'
import {liveShell} from './shell.ts'
import {liveToolCache} from './tool-cache.ts'
import {liveWire} from './wire-live.ts'

/** The real outside of this process. */
export function liveIo(): Io {
  const cancelled = cancelSignal()
  const runner = liveRunner()
  const door = {
    log: liveLog(runner.hidden),
    clock: liveClock(),
    shell: liveShell(cancelled),
    files: liveFiles(runner.temp),
    runner,
  }
  return {
    ...door,
    cancelled,
    wire: liveWire(),
    changes: changeCount(),
    downloads: liveDownloads(door.clock),
    toolCache: liveToolCache(),
    kubeconfigs: liveKubeconfigs(door.files, runner),
    connect: (options) => connect(options, door, cancelled),
    github: (token) => (token === '' ? null : gitHub(token, addressFrom(runner.env), door.clock)),
  }
}

/** GitHub's own variables; without them (a run by hand) the public GitHub. */
function addressFrom(env: Record<string, string>): GitHubAddress {
  return {
    apiUrl: env['GITHUB_API_URL'] || 'https://api.github.com',
    graphqlUrl: env['GITHUB_GRAPHQL_URL'] || 'https://api.github.com/graphql',
  }
}

/** Whether a program may run was judged by `kubeconfigs.read`, which knows where the text came from. */
async function connect(
  options: ConnectOptions,
  door: Pick<Io, 'log' | 'clock' | 'shell' | 'files' | 'runner'>,
  cancelled: AbortSignal,
): Promise<Kube> {
  const {kubeconfig, context, insecureSkipTlsVerify, deadline = Number.POSITIVE_INFINITY} = options
  const chosen = chosenFrom(kubeconfigFrom(kubeconfig, 'kubeconfig'), context, 'kubeconfig')
  const refusal = refusalOf(chosen, {input: 'kubeconfig', inline: false, exec: true, insecureSkipTlsVerify})
  if (refusal !== null) throw refusal
  return kubeOver(await openTransport(chosen, door), {clock: door.clock, deadline, say: door.log.detail, cancelled})
}

/** SIGINT is the runner's cancel, SIGTERM its last warning 7.5 s later (ProcessInvoker.cs). */
function cancelSignal(): AbortSignal {
  const cancel = new AbortController()
  const abort = () =>
    cancel.abort(new Failure('The run was cancelled.', {cure: 'Run the job again: it repairs what this one left.', entry: 'cancelled'}))
  process.once('SIGINT', abort)
  process.on('SIGTERM', abort)
  return cancel.signal
}
