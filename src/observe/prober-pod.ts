import {proberEnvoy} from './prober-envoy.ts'

/** What a prober pod is made from. */
export interface ProberSpec {
  namespace: string
  name: string
  image: string
  imagePullSecrets: readonly string[]
  /** Seconds until the kubelet ends it whatever becomes of the run. */
  lifetimeS: number
  /** `run` of GitHub, or '' outside. */
  run: string
  /** null: outside the mesh; else in it, by the injector of this revision. */
  meshedBy: string | null
  /** OpenShift gives each namespace user ids of its own and refuses any other. */
  userId: number | null
}

/** A pod as it is sent to the API server. */
export interface ProberManifest {
  apiVersion: string
  kind: string
  metadata: {name: string; namespace: string; labels: Record<string, string>; annotations: Record<string, string>}
  spec: object
}

/** Labels by which a run knows the probers of all runs. */
export const proberLabels = {'app.kubernetes.io/managed-by': 'istio-mtls-action', 'app.kubernetes.io/component': 'prober'}

/**
 * The pod of a prober: Envoy alone, out of the proxy image (its distroless variant has no shell). As the Pod Security standard `restricted`
 * demands, without a token, read-only, small, and ended by the kubelet at its deadline. An unmeshed one opts out of injection and of ambient.
 */
export function proberPod({namespace, name, image, imagePullSecrets, lifetimeS, run, meshedBy, userId}: ProberSpec): ProberManifest {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace,
      labels: {...proberLabels, 'istio-mtls/run': run, ...meshLabels(meshedBy)},
      annotations: meshedBy === null ? {'sidecar.istio.io/inject': 'false'} : {},
    },
    spec: {
      restartPolicy: 'Never',
      activeDeadlineSeconds: lifetimeS,
      terminationGracePeriodSeconds: 1,
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      securityContext: {
        runAsNonRoot: true,
        seccompProfile: {type: 'RuntimeDefault'},
        ...(userId === null ? {} : {runAsUser: userId, runAsGroup: userId}),
      },
      ...(imagePullSecrets.length === 0 ? {} : {imagePullSecrets: imagePullSecrets.map((each) => ({name: each}))}),
      containers: [
        {
          name: 'prober',
          image,
          imagePullPolicy: 'IfNotPresent',
          command: ['/usr/local/bin/envoy'],
          args: ['--config-yaml', proberEnvoy(), '--disable-hot-restart', '--concurrency', '1', '--log-level', 'error'],
          // Its last words are read from the pod's status: reading logs would take another right.
          terminationMessagePolicy: 'FallbackToLogsOnError',
          securityContext: {allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: {drop: ['ALL']}},
          resources: {requests: {cpu: '10m', memory: '32Mi'}, limits: {cpu: '500m', memory: '128Mi'}},
        },
      ],
      // Any node will do, those of one kind of workload included: where it stands proves nothing either way.
      tolerations: [{operator: 'Exists', effect: 'NoSchedule'}],
    },
  }
}

/** Not 1337: the sidecar's own traffic is let out around the sidecar (rule 38). */
export const proberUserId = 65532

function meshLabels(meshedBy: string | null): Record<string, string> {
  const ambient = {'istio.io/dataplane-mode': 'none'}
  if (meshedBy === null) return {'sidecar.istio.io/inject': 'false', ...ambient}
  // Webhooks of a revision want its label, the default one wants none (rule 28).
  return {'sidecar.istio.io/inject': 'true', ...(meshedBy === 'default' ? {} : {'istio.io/rev': meshedBy}), ...ambient}
}
