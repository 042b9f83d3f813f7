import {check, finding, type PartialFinding} from '../model/check.ts'
import type {ControlPlane, Istiod} from '../model/mesh.ts'
import type {Asked} from '../model/snapshot.ts'
import {refOf} from './subject.ts'

/** istiod of the wanted revision is ready and of the wanted version. */
export const controlPlaneReady = check({
  code: 'M101',
  slug: 'm101-control-plane-ready',
  severity: 'error',
  needs: ['controlPlane'],
  title: 'The control plane is ready',
  failure: 'The control plane is not as wanted',
  why: 'Without a ready istiod no proxy gets its policies or its certificate, and new pods start without a proxy or not at all.',
  hint: 'Bring the istiod Deployment back to readiness, in the version that was asked for.',
  skip: (asked) => (asked.manifests ? 'manifests hold no running control plane' : null),
  run({controlPlane}, {asked}) {
    const wanted = controlPlane.istiods.filter((istiod) => asked.revision === '' || istiod.revision === asked.revision)
    return wanted.length === 0 ? [missing(controlPlane, asked)] : wanted.flatMap((istiod) => faults(istiod, asked))
  },
})

function missing({istiods}: ControlPlane, {revision, istioVersion}: Asked): PartialFinding {
  const name = revision === '' || revision === 'default' ? 'istiod' : `istiod-${revision}`
  const there = istiods.map((istiod) => istiod.revision).join(', ')
  const wanted = revision === '' ? '' : ` of revision \`${revision}\``
  return finding(
    {kind: 'Deployment', namespace: 'istio-system', name},
    `no istiod${wanted} is installed${there === '' ? '' : `; installed: ${there}`}`,
    {
      fix: `helm -n istio-system install ${name} oci://ghcr.io/istio/release/charts/istiod --wait${istioVersion === '' ? '' : ` --version ${istioVersion}`}${revision === '' ? '' : ` --set revision=${revision}`}`,
    },
  )
}

function faults(istiod: Istiod, {istioVersion}: Asked): PartialFinding[] {
  const subject = refOf('Deployment', istiod)
  const found: PartialFinding[] = []
  if (istiod.readyReplicas === 0) {
    const fix = `kubectl -n ${istiod.namespace} describe pods -l app=istiod,istio.io/rev=${istiod.revision}\nkubectl -n ${istiod.namespace} rollout status deployment/${istiod.name}`
    found.push(finding(subject, `none of ${istiod.replicas} replicas is ready`, {fix}))
  }
  if (istioVersion !== '' && istiod.version !== istioVersion) {
    found.push(
      finding(subject, `runs version \`${istiod.version || 'unknown'}\`, asked for was \`${istioVersion}\``, {
        hint: 'Upgrade the istiod release, or correct the input `istio-version`.',
        fix: `helm -n ${istiod.namespace} upgrade ${istiod.name} oci://ghcr.io/istio/release/charts/istiod --version ${istioVersion} --reuse-values --wait`,
      }),
    )
  }
  return found
}
