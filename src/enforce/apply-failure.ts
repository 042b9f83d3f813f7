import {Failure, KubeFailure} from '../model/failure.ts'
import type {Problem} from '../model/problem.ts'

/** Why the API server did not take a policy, as a problem with its cure; rethrows what is not its refusal. `policy` names it, as in `Kind namespace/name`. */
export function applyProblem(thrown: unknown, policy: string): Problem {
  if (!(thrown instanceof KubeFailure) || thrown.status === 0 || thrown.status === 429 || thrown.status >= 502) throw thrown
  const manager = /conflicts? with "([^"]+)"/.exec(thrown.message)?.[1]
  const [says, cure, entry] =
    manager !== undefined
      ? [
          `${policy} is kept by \`${manager}\``,
          `Let \`${manager}\` write what you want, or take its fields back with \`kubectl apply --server-side --force-conflicts\`; this action forces nothing.`,
          'field-conflict',
        ]
      : thrown.status === 409
        ? [`${policy} changed while this run was looking at it`, 'Run again.', 'changed-meanwhile']
        : thrown.status === 404
          ? [
              `${policy} has no place: its namespace or its kind is not there`,
              'Create the namespace first, or correct it in the file.',
              'policies-place',
            ]
          : thrown.message.includes('being terminated')
            ? [`${policy} has no place: its namespace is being deleted`, 'Run again once the namespace is gone.', 'namespace-terminating']
            : thrown.status === 403 && !/denied the request|exceeded quota/.test(thrown.message)
              ? [`The account of this kubeconfig may not write ${policy}`, 'Grant the role `enforce` of docs/permissions.md.', 'permission']
              : thrown.message.includes('failed calling webhook')
                ? [
                    `A validation webhook did not answer for ${policy}`,
                    'Check that istiod is ready, and delete webhook configurations whose service is gone.',
                    'stale-webhook',
                  ]
                : [`The API server refuses ${policy}`, 'Read its own words above.', 'policy-refused']
  return {says: `${says}: ${thrown.message}`, cure, entry}
}

/** The same, thrown. */
export function explainApply(thrown: unknown, policy: string): never {
  const {says, cure, entry} = applyProblem(thrown, policy)
  throw new Failure(says, {cure, entry, cause: thrown})
}
