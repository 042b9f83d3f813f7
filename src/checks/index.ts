import type {Check} from '../model/check.ts'
import {controlPlaneReady} from './m101-control-plane-ready.ts'
import {injectorTrusted} from './m102-injector-trusted.ts'
import {validationServing} from './m103-validation-serving.ts'
import {proxiesSynced} from './m104-proxies-synced.ts'
import {versionSkew} from './m105-version-skew.ts'
import {rootDistributed} from './m106-root-distributed.ts'
import {authorityValid} from './m107-authority-valid.ts'
import {namespacesEnrolled} from './m201-namespaces-enrolled.ts'
import {podsInMesh} from './m202-pods-in-mesh.ts'
import {labelsAgree} from './m203-labels-agree.ts'
import {hostNetwork} from './m204-host-network.ts'
import {inboundCaptured} from './m205-inbound-captured.ts'
import {outboundCaptured} from './m206-outbound-captured.ts'
import {ambientCaptured} from './m207-ambient-captured.ts'
import {allFamiliesCaptured} from './m208-all-families-captured.ts'
import {initCaptured} from './m209-init-captured.ts'
import {meshStrict} from './m301-mesh-strict.ts'
import {noNamespaceDowngrade} from './m302-no-namespace-downgrade.ts'
import {noWorkloadDowngrade} from './m303-no-workload-downgrade.ts'
import {noPortDowngrade} from './m304-no-port-downgrade.ts'
import {selectorsMatch} from './m305-selectors-match.ts'
import {noShadowedPolicy} from './m306-no-shadowed-policy.ts'
import {noRootSelector} from './m307-no-root-selector.ts'
import {portKeysEffective} from './m308-port-keys-effective.ts'
import {ambientSemantics} from './m309-ambient-semantics.ts'
import {configVisible} from './m310-config-visible.ts'
import {filtersRespectMtls} from './m311-filters-respect-mtls.ts'
import {gatewaysEncrypted} from './m312-gateways-encrypted.ts'
import {sidecarIngress} from './m313-sidecar-ingress.ts'
import {nonTcpKnown} from './m314-non-tcp-known.ts'
import {clientsSendMtls} from './m401-clients-send-mtls.ts'
import {noForeignTls} from './m402-no-foreign-tls.ts'
import {autoMtlsOn} from './m403-auto-mtls-on.ts'
import {headlessConsistent} from './m404-headless-consistent.ts'
import {callersCanComply} from './m405-callers-can-comply.ts'
import {noPassthroughCalls} from './m406-no-passthrough-calls.ts'
import {tlsLabelTrue} from './m407-tls-label-true.ts'
import {certificatesLive} from './m501-certificates-live.ts'
import {identitiesMatch} from './m502-identities-match.ts'
import {identitiesDistinct} from './m503-identities-distinct.ts'
import {tlsFloor} from './m504-tls-floor.ts'
import {trustNarrow} from './m505-trust-narrow.ts'
import {istiodGuarded} from './m506-istiod-guarded.ts'
import {authorizationCovered} from './m601-authorization-covered.ts'
import {identityRulesBacked} from './m602-identity-rules-backed.ts'
import {tokensRequired} from './m603-tokens-required.ts'
import {keysReachable} from './m604-keys-reachable.ts'
import {accessLogged} from './m701-access-logged.ts'
import {detectorWorks} from './m801-detector-works.ts'
import {plaintextRefused} from './m802-plaintext-refused.ts'
import {mtlsDemanded} from './m803-mtls-demanded.ts'
import {configMatchesProxy} from './m804-config-matches-proxy.ts'
import {trafficEncrypted} from './m805-traffic-encrypted.ts'

/** All checks, sorted by code. A code is never reused: retired ones stay here as comments. Reserved: M104, M501, M502, M804, M805. */
export const checks: readonly Check[] = [
  controlPlaneReady,
  injectorTrusted,
  validationServing,
  proxiesSynced,
  versionSkew,
  rootDistributed,
  authorityValid,
  namespacesEnrolled,
  podsInMesh,
  labelsAgree,
  hostNetwork,
  inboundCaptured,
  outboundCaptured,
  ambientCaptured,
  allFamiliesCaptured,
  initCaptured,
  meshStrict,
  noNamespaceDowngrade,
  noWorkloadDowngrade,
  noPortDowngrade,
  selectorsMatch,
  noShadowedPolicy,
  noRootSelector,
  portKeysEffective,
  ambientSemantics,
  configVisible,
  filtersRespectMtls,
  gatewaysEncrypted,
  sidecarIngress,
  nonTcpKnown,
  clientsSendMtls,
  noForeignTls,
  autoMtlsOn,
  headlessConsistent,
  callersCanComply,
  noPassthroughCalls,
  tlsLabelTrue,
  certificatesLive,
  identitiesMatch,
  identitiesDistinct,
  tlsFloor,
  trustNarrow,
  istiodGuarded,
  authorizationCovered,
  identityRulesBacked,
  tokensRequired,
  keysReachable,
  accessLogged,
  detectorWorks,
  plaintextRefused,
  mtlsDemanded,
  configMatchesProxy,
  trafficEncrypted,
]
