import {basename, dirname, isAbsolute, join, resolve} from 'node:path'
import {Failure, messageOf} from '../model/failure.ts'
import type {KubeconfigSource} from '../model/inputs.ts'
import type {Files, Kubeconfigs, Runner} from './io.ts'
import {refusalOf} from './kubeconfig-refusals.ts'
import {secretsOf} from './kubeconfig-secrets.ts'
import {chosenFrom, type Kubeconfig, kubeconfigFrom, merged, textOf, unusable} from './kubeconfig-text.ts'

/** Name of the state that tells `post` which kubeconfigs this run wrote: a JSON list of folders. */
export const kubeconfigState = 'kubeconfigs'

/** Reads, refuses and writes kubeconfigs; what is read comes back as the chosen context alone. */
export function liveKubeconfigs(files: Files, runner: Runner): Kubeconfigs {
  const folders: string[] = []
  return {
    async read(source, {context, allowExec, insecureSkipTlsVerify}) {
      const input = inputOf(source)
      const config = await configOf(source, files, runner.env)
      for (const secret of secretsOf(config)) runner.mask(secret)
      const chosen = chosenFrom(config, source.from === 'in-cluster' ? '' : context, input)
      const refusal = refusalOf(chosen, {input, inline: source.from === 'content', exec: allowExec, insecureSkipTlsVerify})
      if (refusal !== null) throw refusal
      return textOf(chosen)
    },
    async write(text, context) {
      const folder = await files.makeTempFolder(folderPrefix)
      folders.push(folder)
      // Recorded before the file exists: a run killed in between leaves nothing that post does not know.
      runner.saveState(kubeconfigState, JSON.stringify(folders))
      const path = join(folder, 'config')
      await files.writePrivate(path, textOf(chosenFrom(kubeconfigFrom(text, 'kubeconfig'), context, 'kubeconfig')))
      return path
    },
    async removeAll() {
      for (const folder of [...folders.splice(0), ...recorded(runner)]) await files.remove(folder)
    },
  }
}

/** What an earlier process of this step wrote (`post` runs after `main`); a state that names anything else is not ours. */
function recorded(runner: Runner): string[] {
  const state = runner.state(kubeconfigState)
  const folders: unknown = state === '' ? [] : JSON.parse(state)
  return (Array.isArray(folders) ? folders : []).filter(
    (folder) => dirname(folder) === resolve(runner.temp) && basename(folder).startsWith(folderPrefix),
  )
}

function inputOf(source: KubeconfigSource): string {
  return 'input' in source ? source.input : 'kubeconfig'
}

async function configOf(source: KubeconfigSource, files: Files, env: Record<string, string>): Promise<Kubeconfig> {
  switch (source.from) {
    case 'content':
      return kubeconfigFrom(source.content, source.input)
    case 'path':
      return merged(await configsAt(source, files))
    case 'in-cluster':
      return inCluster(files, env)
    case 'none':
      throw new Failure('No cluster was named.', {cure: 'Set `kubeconfig`.', entry: 'kubeconfig-missing'})
  }
}

async function configsAt({path, input, explicit}: KubeconfigSource & {from: 'path'}, files: Files): Promise<Kubeconfig[]> {
  const paths = input === 'KUBECONFIG' ? path.split(process.platform === 'win32' ? ';' : ':').filter(Boolean) : [path]
  const configs: Kubeconfig[] = []
  for (const each of paths) {
    // As kubectl does, a list may name files that do not exist.
    if (!(await files.exists(each)) || (await files.isFolder(each))) continue
    const text = await files.readText(each).catch((thrown) => {
      throw unusable(input, `cannot be read at \`${each}\`: ${messageOf(thrown)}.`, 'Make it readable for the runner.')
    })
    configs.push(withAbsolutePaths(kubeconfigFrom(text, input), dirname(resolve(each))))
  }
  if (configs.length > 0) return configs
  throw new Failure(
    explicit ? `\`${input}\` is \`${path}\`, and no such file exists.` : `No cluster was named, and \`${path}\` does not exist.`,
    {cure: 'Set `kubeconfig` to a kubeconfig as text, as base64 or as a path that an earlier step wrote.', entry: 'kubeconfig-missing'},
  )
}

/** Paths in a kubeconfig are relative to its own folder (client-go's ResolveLocalPaths); its text is about to leave it. */
function withAbsolutePaths(config: Kubeconfig, folder: string): Kubeconfig {
  const absolute = <T extends object>(entry: T | null | undefined, fields: (keyof T)[]): T => {
    const copy = {...entry} as T
    for (const field of fields) {
      const path = copy[field]
      if (typeof path === 'string' && path !== '' && !isAbsolute(path)) copy[field] = join(folder, path) as T[keyof T]
    }
    return copy
  }
  return {
    ...config,
    clusters: config.clusters.map(({name, cluster}) => ({name, cluster: absolute(cluster, ['certificate-authority'])})),
    users: config.users.map(({name, user}) => {
      const copy = absolute(user, ['client-certificate', 'client-key', 'tokenFile'])
      // A bare command is looked up in PATH; one with a slash is a path.
      if (copy.exec?.command.includes('/')) copy.exec = absolute(copy.exec, ['command'])
      return {name, user: copy}
    }),
  }
}

async function inCluster(files: Files, env: Record<string, string>): Promise<Kubeconfig> {
  const {KUBERNETES_SERVICE_HOST: host = '', KUBERNETES_SERVICE_PORT: port = '443'} = env
  if (host === '' || !(await files.exists(`${serviceAccount}/token`))) {
    throw new Failure('`kubeconfig` is `in-cluster`, but this runner is not a pod with a service account.', {
      cure: 'Set `kubeconfig` to a kubeconfig, or run the job in the cluster.',
      entry: 'kubeconfig-missing',
    })
  }
  const server = `https://${host.includes(':') ? `[${host}]` : host}:${port}`
  return {
    'current-context': 'in-cluster',
    clusters: [{name: 'in-cluster', cluster: {server, 'certificate-authority': `${serviceAccount}/ca.crt`}}],
    users: [{name: 'in-cluster', user: {tokenFile: `${serviceAccount}/token`}}],
    contexts: [{name: 'in-cluster', context: {cluster: 'in-cluster', user: 'in-cluster'}}],
  }
}

const folderPrefix = 'istio-mtls-kubeconfig-'
const serviceAccount = '/var/run/secrets/kubernetes.io/serviceaccount'
