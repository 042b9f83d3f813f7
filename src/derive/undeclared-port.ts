/**
 * A port of a pod that nobody declares, to be probed in place of all such ports; `declared`: the ports of the pod's rows (rule 69).
 *
 * Istio serves undeclared ports by one passthrough chain, and its answers tell the modes apart whatever listens behind: the connection
 * succeeds because the proxy takes it (elsewhere the node refuses it), PERMISSIVE and DISABLE answer a plain request with 503, STRICT
 * closes it without a word (core/listener_inbound.go:buildInboundPassthroughChains).
 */
export function undeclaredPortToProbe(declared: Iterable<number | null>): number {
  const taken = new Set(declared)
  if (!taken.has(proxysOutbound)) return proxysOutbound
  let port = highest
  while (taken.has(port)) port--
  return port
}

/**
 * The proxy's own outbound listener: from outside it is an undeclared port like any other, yet something answers behind it. Where nothing
 * does, the proxy hangs up before the handshake has come to the client certificate, nine times out of ten.
 */
const proxysOutbound = 15001

/** Above Linux's ephemeral range (32768 to 60999) and below what tools like to claim at its very end. */
const highest = 64999
