import {Failure} from '../model/failure.ts'
import {retiredHost} from './retired-hosts.ts'

/** What is known when helm failed: its output, the pods' own reasons, and the image hub that was asked for. */
export interface HelmTrouble {
  release: string
  /** What helm was to do, as `bring release X about`. */
  task?: string
  output: string
  timedOut: boolean
  /** The signal that ended helm from outside, or null. */
  signal: string | null
  troubles: string[]
  hub: string
}

/** Turns a failed helm call into one sentence with a cure; classes of platform-facts.md, section 4.2. */
export function helmFailure({
  release,
  task = `bring release \`${release}\` about`,
  output,
  timedOut,
  signal,
  troubles,
  hub,
}: HelmTrouble): Failure {
  const why = timedOut ? 'helm did not end in time' : signal === null ? lastError(output) : `helm was ended by ${signal}`
  const text = `${troubles.join('\n')}\n${output}`
  const known = classes.find(({pattern}) => pattern.test(text))
  const pods = troubles.length === 0 ? '' : ` ${troubles.join('; ')}.`
  return new Failure(`helm could not ${task}: ${why}.${pods}`, {
    cure: known === undefined ? "Read helm's own lines above; the next run begins where this one ended." : known.cure(text, hub),
    entry: known?.entry ?? 'helm-failed',
  })
}

interface Class {
  pattern: RegExp
  entry: string
  cure(text: string, hub: string): string
}

/** In order: the first that matches speaks. Images first, because helm then says only that it waited too long. */
const classes: Class[] = [
  {
    pattern: /toomanyrequests|pull rate limit/i,
    entry: 'image-pull',
    cure: () =>
      'Docker Hub limits anonymous pulls: set `hub` to a mirror or a pull-through cache of `docker.io/istio`, or let the nodes log in.',
  },
  {
    pattern: /ErrImagePull|ImagePullBackOff|InvalidImageName/,
    entry: 'image-pull',
    cure: (text, hub) =>
      retiredHost(text) ?? `The nodes cannot pull the image from \`hub: ${hub}\`: check the address, and that the cluster may reach it.`,
  },
  {
    pattern: /Unschedulable|FailedScheduling/,
    entry: 'unschedulable',
    cure: () => 'Give the cluster room for istiod, or ask for less with `values` (`resources: {requests: {cpu: 100m, memory: 256Mi}}`).',
  },
  {
    pattern: /another operation \(install\/upgrade\/rollback\) is in progress/,
    entry: 'release-pending',
    cure: () => 'Another run is at work on this release: keep jobs apart with `concurrency:` and run again.',
  },
  {
    pattern: /admissionsenforcer/,
    entry: 'field-conflict',
    cure: () => 'AKS rewrites namespaceSelector: set the annotation `admissions.enforcer/disabled: "true"` on the webhook configuration.',
  },
  {
    pattern: /conflicts? with "([^"]+)"/,
    entry: 'field-conflict',
    cure: (text) =>
      `\`${/conflicts? with "([^"]+)"/.exec(text)?.[1]}\` keeps these fields: let it go of them (kubectl get --show-managed-fields); conflicts are never forced.`,
  },
  {
    pattern: /exists and cannot be imported|invalid ownership metadata/,
    entry: 'foreign-installation',
    cure: () => 'Someone else made this object: set `take-over: true` to adopt it, or `install: never` to leave Istio as it is.',
  },
  {
    // The API server's 403 for it says "forbidden", too.
    pattern: /because it is being terminated/,
    entry: 'namespace-terminating',
    cure: () => 'The namespace is being deleted: run again once it is gone (`kubectl get namespaces`), or remove what holds it.',
  },
  {
    pattern: /exceeded quota/,
    entry: 'quota',
    cure: () => 'A ResourceQuota of the namespace leaves no room for it: raise the quota, or ask for less with `values`.',
  },
  {
    pattern: /forbidden|attempting to grant RBAC permissions not currently held/i,
    entry: 'permission',
    cure: () => 'Grant the role `enforce` of docs/permissions.md to the account of this kubeconfig.',
  },
  {
    pattern: /failed calling webhook/,
    entry: 'stale-webhook',
    cure: () =>
      'A webhook of this cluster does not answer: mend its service, or delete its configuration if nothing stands behind it (the message names it).',
  },
  {
    pattern:
      /values don't meet the specifications|execution error at|YAML parse error|error converting YAML|unable to build kubernetes objects/,
    entry: 'values',
    cure: () => 'Correct `values` or `base-values`: the chart refuses them.',
  },
  {
    pattern: /context deadline exceeded|timed out|not ready\. status/i,
    entry: 'install-timeout',
    cure: () => 'If the pods above only need longer, raise `timeout`; the next run begins where this one ended.',
  },
]

function lastError(output: string): string {
  const lines = output
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean)
  const error = lines.findLast((line) => line.startsWith('Error:')) ?? lines.at(-1) ?? 'it said nothing'
  return error
    .replace(/^Error: /, '')
    .replace(/\.$/, '')
    .slice(0, 600)
}
