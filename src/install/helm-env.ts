import {join} from 'node:path'

/**
 * The environment helm runs in: homes of its own below `folder`, so the runner's repositories, plugins and registry logins are never
 * used, and of the runner's variables only what reaching the network takes. No HOME; no secret of the job.
 */
export function helmEnv(folder: string, env: Record<string, string>): Record<string, string> {
  const passed = Object.entries(env).filter(([name]) => passedOn.has(name.toUpperCase()))
  return {
    ...Object.fromEntries(passed),
    HELM_CONFIG_HOME: join(folder, 'config'),
    HELM_CACHE_HOME: join(folder, 'cache'),
    HELM_DATA_HOME: join(folder, 'data'),
    HELM_PLUGINS: join(folder, 'plugins'),
    // client-go's discovery cache would otherwise land in `.kube` of the workspace (k8s.io/cli-runtime genericclioptions, getDefaultCacheDir).
    KUBECACHEDIR: join(folder, 'kube'),
  }
}

const passedOn = new Set([
  'PATH',
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'NO_PROXY',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
  // Windows cannot open a socket or a temporary file without these.
  'SYSTEMROOT',
  'TEMP',
  'TMP',
])
