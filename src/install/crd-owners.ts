import type {Kube} from '../io/io.ts'
import type {Problem} from '../model/problem.ts'
import {istioNamespace} from './found.ts'
import {ownerOf, ownerText} from './owner.ts'
import type {ReleasePlan} from './release-plan.ts'

/** A CRD of Istio that helm does not know as the base release's. */
export interface ForeignCrd {
  name: string
  owner: string
}

/** Istio's CRDs that are not the base release's: applied by kubectl, or kept outside of releases, as Istio 1.23 and older did. Those absent are none. */
export async function foreignCrds(base: Pick<ReleasePlan, 'name'>, kube: Kube): Promise<ForeignCrd[]> {
  const found = await Promise.all(crdNames.map((name) => kube.find(`/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${name}`)))
  return found.flatMap((crd) => {
    if (crd === null) return []
    const owner = ownerOf(crd)
    const isBases = owner.by === 'helm' && owner.release === base.name && owner.namespace === istioNamespace
    return isBases ? [] : [{name: crd.metadata.name, owner: ownerText(owner)}]
  })
}

/** helm would refuse them one by one, in the middle of its work; with `take-over` it adopts them. */
export function crdProblems(foreign: ForeignCrd[], takeOver: boolean): Problem[] {
  const [first] = foreign
  if (takeOver || first === undefined) return []
  return [
    {
      says: `helm does not know these CRDs as its own: ${foreign.map(({name}) => `\`${name}\``).join(', ')} (${first.owner}).`,
      cure: "Set `take-over: true` to give them helm's marks; their objects stay as they are.",
      entry: 'foreign-installation',
    },
  ]
}

/** Istio 1.31, manifests/charts/base/files/crd-all.gen.yaml. */
const crdNames = [
  'authorizationpolicies.security.istio.io',
  'destinationrules.networking.istio.io',
  'envoyfilters.networking.istio.io',
  'gateways.networking.istio.io',
  'peerauthentications.security.istio.io',
  'proxyconfigs.networking.istio.io',
  'requestauthentications.security.istio.io',
  'serviceentries.networking.istio.io',
  'sidecars.networking.istio.io',
  'telemetries.telemetry.istio.io',
  'trafficextensions.extensions.istio.io',
  'virtualservices.networking.istio.io',
  'wasmplugins.extensions.istio.io',
  'workloadentries.networking.istio.io',
  'workloadgroups.networking.istio.io',
]
