/** One input of action.yml: its name and constant default; `list` splits at newlines and commas, `choices` are the only values. */
export interface InputSpec {
  name: string
  default: string
  kind: 'text' | 'list' | 'boolean' | 'number' | 'duration' | 'choice'
  choices?: readonly string[]
}

/** The inputs this version knows, in the order of action.yml (a test holds both together). */
export const inputTable = [
  {name: 'mode', default: '', kind: 'choice', choices: ['enforce', 'validate', 'plan', 'uninstall']},
  {name: 'kubeconfig', default: '', kind: 'text'},
  {name: 'allow-exec', default: 'false', kind: 'boolean'},
  {name: 'context', default: '', kind: 'text'},
  {name: 'cluster-name', default: '', kind: 'text'},
  {name: 'expected-cluster', default: '', kind: 'text'},
  {name: 'insecure-skip-tls-verify', default: 'false', kind: 'boolean'},
  {name: 'from', default: '', kind: 'list'},
  {name: 'install', default: 'auto', kind: 'choice', choices: ['auto', 'always', 'never']},
  {name: 'take-over', default: 'false', kind: 'boolean'},
  {name: 'istio-version', default: '', kind: 'text'},
  {name: 'profile', default: 'sidecar', kind: 'choice', choices: ['sidecar', 'ambient']},
  {name: 'revision', default: '', kind: 'text'},
  {name: 'tags', default: '', kind: 'list'},
  {name: 'platform', default: '', kind: 'text'},
  {name: 'charts', default: 'oci://ghcr.io/istio/release/charts, https://blob.istio.io/istio-release/charts', kind: 'list'},
  {name: 'chart-digests', default: '', kind: 'list'},
  {name: 'hub', default: 'docker.io/istio', kind: 'text'},
  {name: 'image-pull-secrets', default: '', kind: 'list'},
  {name: 'values', default: '', kind: 'text'},
  {name: 'base-values', default: '', kind: 'text'},
  {name: 'cni-values', default: '', kind: 'text'},
  {name: 'ztunnel-values', default: '', kind: 'text'},
  {name: 'helm-version', default: 'v4.2.4', kind: 'text'},
  {name: 'helm-checksum', default: '', kind: 'text'},
  {name: 'helm-mirror', default: 'https://get.helm.sh', kind: 'text'},
  {name: 'timeout', default: '5m', kind: 'duration'},
  {name: 'deadline', default: '30m', kind: 'duration'},
  {name: 'lock-timeout', default: '10m', kind: 'duration'},
  {name: 'namespaces', default: '*', kind: 'list'},
  {
    name: 'exclude-namespaces',
    default: 'kube-*, local-path-storage, gke-*, gmp-*, aks-command, calico-*, tigera-operator, istio-mtls-prober',
    kind: 'list',
  },
  {name: 'enroll', default: 'false', kind: 'boolean'},
  {name: 'mtls-mode', default: 'STRICT', kind: 'choice', choices: ['STRICT', 'PERMISSIVE']},
  {name: 'rollout', default: 'guarded', kind: 'choice', choices: ['guarded', 'immediate']},
  {name: 'min-tls', default: '', kind: 'choice', choices: ['1.2', '1.3']},
  {name: 'policies', default: '', kind: 'list'},
  {name: 'access-logging', default: 'false', kind: 'boolean'},
  {name: 'require-authorization', default: 'false', kind: 'boolean'},
  {name: 'purge-crds', default: 'false', kind: 'boolean'},
  {name: 'require', default: '', kind: 'choice', choices: ['proven', 'configured']},
  {name: 'fail-on', default: 'error', kind: 'choice', choices: ['warning', 'error', 'never']},
  {name: 'min-coverage', default: '100', kind: 'number'},
  {name: 'gate', default: 'all', kind: 'choice', choices: ['all', 'new']},
  {name: 'allow-empty', default: '', kind: 'boolean'},
  {name: 'probes', default: 'api-server', kind: 'choice', choices: ['api-server', 'pod', 'mesh', 'direct', 'off']},
  {name: 'probe-exclude', default: '', kind: 'list'},
  {name: 'probe-concurrency', default: '16', kind: 'number'},
  {name: 'prober-image', default: '', kind: 'text'},
  {name: 'prober-namespace', default: 'istio-mtls-prober', kind: 'text'},
  {name: 'waivers', default: '', kind: 'text'},
  {name: 'waiver-annotations', default: 'false', kind: 'boolean'},
  {name: 'ignore', default: '', kind: 'list'},
  {name: 'baseline', default: '', kind: 'text'},
  {name: 'summary', default: 'full', kind: 'choice', choices: ['full', 'brief', 'off']},
  {name: 'comment', default: 'on-change', kind: 'choice', choices: ['always', 'on-change', 'on-failure', 'never']},
  {name: 'comment-key', default: '', kind: 'text'},
  {name: 'annotations', default: 'true', kind: 'boolean'},
  {name: 'diagnostics', default: 'false', kind: 'boolean'},
  {name: 'github-token', default: '', kind: 'text'},
  {name: 'pr-number', default: '', kind: 'number'},
  {name: 'report-dir', default: '', kind: 'text'},
] as const satisfies readonly InputSpec[]

export type InputName = (typeof inputTable)[number]['name']

/** Names of the public contract that this version does not build yet: using one is an error, never silently ignored. */
export const plannedInputs: readonly InputName[] = []

/** Values of the contract that this version does not build yet, by input. */
export const plannedValues: Partial<Record<InputName, readonly string[]>> = {}

/** The Istio version installed where `istio-version` is left out. */
export const defaultIstioVersion = '1.31.1'
