import {parse} from 'yaml'
import type {Inputs} from '../model/inputs.ts'
import type {Problem} from '../model/problem.ts'

/** The inputs that become mesh configuration. */
export type MeshWish = Pick<Inputs, 'minTls' | 'accessLogging' | 'values'>

/** What the inputs say of the mesh configuration, as values of the istiod chart; {} where they say nothing. */
export function meshConfigValues({minTls = '', accessLogging = false, values}: Partial<MeshWish>): {meshConfig?: object} {
  const {accessLogFormat, accessLogEncoding} = usersMeshConfig(values)
  const isFormatFree = accessLogFormat === undefined && accessLogEncoding === undefined
  const meshConfig = {
    ...(minTls === '' ? {} : {meshMTLS: {minProtocolVersion: minProtocolVersion[minTls]}}),
    ...(accessLogging && isFormatFree ? {accessLogFormat: formatWithCaller} : {}),
  }
  return Object.keys(meshConfig).length === 0 ? {} : {meshConfig}
}

/** What the user's values must not say otherwise than the inputs: they are merged last and would win. */
export function meshConfigProblems({minTls = '', values}: Partial<MeshWish>): Problem[] {
  const {minProtocolVersion: written} = usersMeshConfig(values).meshMTLS ?? {}
  if (minTls === '' || written === undefined || written === minProtocolVersion[minTls]) return []
  return [
    {
      says: `\`values\` sets \`meshConfig.meshMTLS.minProtocolVersion: ${written}\`, but \`min-tls\` is \`${minTls}\`.`,
      cure: 'Name the version in `min-tls` alone, and take it out of `values`.',
      entry: 'values',
    },
  ]
}

/** Istio's own format (model/telemetry_logging.go:EnvoyTextLogFormat), and at its end who called: the default does not hold the caller's identity. */
export const formatWithCaller =
  '[%START_TIME%] "%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL%" %RESPONSE_CODE% %RESPONSE_FLAGS% ' +
  '%RESPONSE_CODE_DETAILS% %CONNECTION_TERMINATION_DETAILS% "%UPSTREAM_TRANSPORT_FAILURE_REASON%" %BYTES_RECEIVED% %BYTES_SENT% ' +
  '%DURATION% %RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)% "%REQ(X-FORWARDED-FOR)%" "%REQ(USER-AGENT)%" "%REQ(X-REQUEST-ID)%" ' +
  '"%REQ(:AUTHORITY)%" "%UPSTREAM_HOST%" %UPSTREAM_CLUSTER_RAW% %UPSTREAM_LOCAL_ADDRESS% %DOWNSTREAM_LOCAL_ADDRESS% ' +
  '%DOWNSTREAM_REMOTE_ADDRESS% %REQUESTED_SERVER_NAME% %ROUTE_NAME% "%DOWNSTREAM_PEER_URI_SAN%"\n'

const minProtocolVersion: Record<'1.2' | '1.3', string> = {'1.2': 'TLSV1_2', '1.3': 'TLSV1_3'}

interface MeshConfig {
  accessLogFormat?: unknown
  accessLogEncoding?: unknown
  meshMTLS?: {minProtocolVersion?: unknown} | null
}

function usersMeshConfig(values = ''): MeshConfig {
  const {meshConfig} = ((values === '' ? null : parse(values)) ?? {}) as {meshConfig?: MeshConfig | null}
  return meshConfig ?? {}
}
