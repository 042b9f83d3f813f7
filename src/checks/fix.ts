import type {Webhook} from '../model/mesh.ts'
import type {MtlsMode} from '../model/policy.ts'
import type {Namespace, Pod} from '../model/workload.ts'

/** A command that applies `yaml`, ready to paste. */
export function apply(yaml: string): string {
  return `kubectl apply -f - <<'EOF'\n${yaml.trim()}\nEOF`
}

/** A PeerAuthentication as YAML. */
export function peerAuthentication(namespace: string, name: string, mode: MtlsMode): string {
  return `apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata:
  name: ${name}
  namespace: ${namespace}
spec:
  mtls:
    mode: ${mode}`
}

/** Restarts the workloads of pods (all of one namespace), so that they are injected anew; bare pods and jobs must be made anew. */
export function restart(pods: Pod[]): string {
  const names = [...new Set(pods.map(({workload}) => `${workload.kind.toLowerCase()}/${workload.name}`))].sort()
  const namespace = pods[0]?.namespace ?? 'default'
  const rolling = names.filter((name) => /^(deployment|statefulset|daemonset)\//.test(name))
  const others = names.filter((name) => !rolling.includes(name))
  return [
    ...(rolling.length > 0 ? [`kubectl -n ${namespace} rollout restart ${rolling.join(' ')}`] : []),
    ...others.map((name) => (name.startsWith('cronjob/') ? `# ${name}: its next run is injected` : deleted(namespace, name))),
  ].join('\n')
}

/** Merges `template` into the pod template of a pod's workload; a Job and a bare Pod cannot be changed and must be made anew. */
export function patchTemplate({namespace, workload: {kind, name}}: Pick<Pod, 'namespace' | 'workload'>, template: object): string {
  if (kind === 'CronJob') return merge(kind, namespace, name, {spec: {jobTemplate: {spec: {template}}}})
  if (/^(Deployment|StatefulSet|DaemonSet|ReplicaSet)$/.test(kind)) return merge(kind, namespace, name, {spec: {template}})
  return `# correct the manifest of ${kind} ${name}, then\n${deleted(namespace, `${kind.toLowerCase()}/${name}`)}`
}

function deleted(namespace: string, name: string): string {
  return `kubectl -n ${namespace} delete ${name}  # and create it again`
}

/** Changes a value of the istiod chart and nothing else: without the version that is installed helm would take the newest. */
export function setInIstiod({namespace, revision}: {namespace: string; revision: string}, ...set: string[]): string {
  const release = revision === 'default' || revision === '' ? 'istiod' : `istiod-${revision}`
  const installed = `helm -n ${namespace} list --filter '^${release}$' -o yaml | sed -n 's/.*app_version: //p'`
  return `helm -n ${namespace} upgrade ${release} oci://ghcr.io/istio/release/charts/istiod --version "$(${installed})" --reuse-values ${set.join(' ')}`
}

/** Merges `patch` into an object; quotes of a hostile key cannot leave the argument. */
export function merge(kind: string, namespace: string, name: string, patch: object): string {
  return `kubectl -n ${namespace} patch ${kind.toLowerCase()} ${name} --type merge -p '${JSON.stringify(patch).replaceAll("'", "'\\''")}'`
}

/** The command that enrols a namespace, for the revision that is installed. */
export function enrol(namespace: Namespace, webhooks: readonly Webhook[]): string {
  const revisions = [...new Set(webhooks.filter(({type}) => type === 'mutating').map(({revision, tag}) => tag || revision))].filter(Boolean)
  const isDefault = revisions.length === 0 || revisions.includes('default')
  const clear = namespace.labels['istio.io/rev'] !== undefined && isDefault ? ' istio.io/rev-' : ''
  return isDefault
    ? `kubectl label namespace ${namespace.name} istio-injection=enabled --overwrite${clear}`
    : `kubectl label namespace ${namespace.name} istio.io/rev=${revisions[0]} istio-injection- --overwrite`
}
