/** The names and ranges of one bed: nothing in it is shared with another bed. */
export interface Addresses {
  number: number
  /** Name of the network namespace and of the bed's cgroup. */
  name: string
  /** The host's end of the veth pair. */
  link: string
  hostIp: string
  nodeIp: string
  nodeNet: string
  servicesNet: string
  /** The service `kubernetes.default`. */
  apiServiceIp: string
  dnsIp: string
  podsNet: string
}

/** The addresses of bed 0 to 99, all inside 10.(100+bed).0.0/16; throws on another number. */
export function addressesOf(bed: number): Addresses {
  if (!Number.isInteger(bed) || bed < 0 || bed > 99) throw new Error(`\`${bed}\` is not a bed: use a number from 0 to 99`)
  const net = `10.${100 + bed}`
  return {
    number: bed,
    name: `istio-mtls-bed-${bed}`,
    link: `istio-mtls-${bed}`,
    hostIp: `${net}.0.1`,
    nodeIp: `${net}.0.2`,
    nodeNet: `${net}.0.0/24`,
    servicesNet: `${net}.32.0/20`,
    apiServiceIp: `${net}.32.1`,
    dnsIp: `${net}.32.10`,
    podsNet: `${net}.128.0/17`,
  }
}
