import {askWebhook} from './install/webhook.ts'
import type {Kube} from './io/io.ts'
import type {Inputs} from './model/inputs.ts'
import type {Asked} from './model/snapshot.ts'
import type {ObserveOptions} from './observe/observe-options.ts'

/** What the inputs wish to be judged, in the words of a snapshot. */
export function askedFrom(inputs: Inputs): Asked {
  return {
    scope: {namespaces: inputs.namespaces, exclude: inputs.excludeNamespaces},
    revision: inputs.revision,
    istioVersion: inputs.istioVersionGiven || (inputs.mode === 'enforce' && inputs.install !== 'never') ? inputs.istioVersion : '',
    mtlsMode: inputs.mtlsMode,
    require: inputs.require,
    probes: inputs.probes !== 'off',
    requireAuthorization: inputs.requireAuthorization,
    accessLogging: inputs.accessLogging,
    minTls: inputs.minTls,
    dryRun: inputs.mode === 'enforce',
  }
}

/** How to look at a cluster: times in clock ticks, `changedAt` null where this run changed nothing. */
export function observeOptions(inputs: Inputs, kube: Kube, changedAt: number | null, deadline: number): ObserveOptions {
  return {
    clusterName: inputs.clusterName,
    probes: {
      mode: inputs.probes,
      exclude: inputs.probeExclude,
      concurrency: inputs.probeConcurrency,
      prober: {
        namespace: inputs.proberNamespace,
        image: inputs.proberImage,
        fallbackImage: `${inputs.hub}/proxyv2:${inputs.istioVersion}`,
        imagePullSecrets: inputs.imagePullSecrets,
      },
    },
    /** Old connections outlive a change of policy by the drain time (live-evidence.md, section 3). */
    settleUntil: changedAt === null ? null : changedAt + settleMs,
    changedAt,
    deadline,
    askWebhook: inputs.mode === 'enforce' ? () => askWebhook(kube, inputs.revision) : null,
  }
}

const settleMs = 60_000
