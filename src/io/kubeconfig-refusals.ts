import type {Failure} from '../model/failure.ts'
import {type Chosen, flattenCure, unusable} from './kubeconfig-text.ts'

/** What a caller allows a kubeconfig to do; `inline`: its text came as an input, not as a file that an earlier step made. */
export interface Allowed {
  input: string
  inline: boolean
  exec: boolean
  insecureSkipTlsVerify: boolean
}

/** Why the chosen context must not be used (interface.md, "Safety rules"), or null. */
export function refusalOf({cluster, user}: Chosen, {input, inline, exec, insecureSkipTlsVerify}: Allowed): Failure | null {
  const provider = user['auth-provider']?.name
  const proxy = cluster['proxy-url'] ?? ''
  if (!/^https?:\/\//.test(cluster.server) || !URL.canParse(cluster.server)) {
    return unusable(input, `names the server \`${cluster.server}\`, which is not a URL.`, 'Write it like `https://HOST:6443`.')
  }
  if (cluster['insecure-skip-tls-verify'] === true && !insecureSkipTlsVerify) {
    return unusable(
      input,
      'skips the verification of the API server (`insecure-skip-tls-verify: true`): anyone in between could read its credentials.',
      "Put the cluster's CA into `certificate-authority-data`, or, knowing that, set `insecure-skip-tls-verify: true`.",
      'kubeconfig-insecure',
    )
  }
  if (isOpenHttp(cluster.server) && !insecureSkipTlsVerify) {
    return unusable(
      input,
      'names an `http://` server: the credentials would travel in clear text.',
      'Write the API server as `https://…`, or, knowing that, set `insecure-skip-tls-verify: true`.',
      'kubeconfig-insecure',
    )
  }
  if (user.exec && inline && !exec) {
    return unusable(
      input,
      `runs the program \`${user.exec.command}\` to get its credentials, and its text came as an input.`,
      'Use credentials without a program (a service account token), let an earlier step write the kubeconfig to a file, or set `allow-exec: true` if you trust whoever wrote it.',
      'kubeconfig-exec',
    )
  }
  if (provider !== undefined && provider !== 'oidc') {
    return unusable(
      input,
      `uses the auth-provider \`${provider}\`, which Kubernetes removed in 1.26.`,
      "Write the kubeconfig anew with the cloud's present login, which uses an exec plugin.",
      'kubeconfig-auth-provider',
    )
  }
  const outside = inline ? outsideFile(cluster, user) : ''
  if (outside !== '') {
    return unusable(
      input,
      `is text, but refers to a file (\`${outside}\`) that the text does not bring along.`,
      flattenCure,
      'kubeconfig-file',
    )
  }
  if (proxy !== '' && !/^https?:\/\//.test(proxy)) {
    return unusable(
      input,
      `asks for a proxy that is neither http nor https (\`proxy-url\`).`,
      'Use an http or https proxy.',
      'kubeconfig-proxy',
    )
  }
  return null
}

/** Plain HTTP that leaves this machine; on loopback (`kubectl proxy`) nobody listens in. */
function isOpenHttp(server: string): boolean {
  const {protocol, hostname} = new URL(server)
  return protocol === 'http:' && hostname !== 'localhost' && hostname !== '[::1]' && !/^127(?:\.\d+){3}$/.test(hostname)
}

function outsideFile(cluster: Chosen['cluster'], user: Chosen['user']): string {
  const needed = [
    cluster['certificate-authority-data'] ? '' : cluster['certificate-authority'],
    user['client-certificate-data'] ? '' : user['client-certificate'],
    user['client-key-data'] ? '' : user['client-key'],
    user.tokenFile,
  ]
  return needed.find(Boolean) ?? ''
}
