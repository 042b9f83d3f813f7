import {execFileSync} from 'node:child_process'
import type {Bench} from './bench.ts'

/** Drops every packet to one port of a namespace's pods in the bed's own network namespace, as a NetworkPolicy would. */
export function dropPackets(namespace: string, port: number, {bed, kubectl}: Bench): void {
  const addresses = kubectl('-n', namespace, 'get', 'pods', '-o', 'jsonpath={.items[*].status.podIP}').split(' ')
  if (addresses.length === 0 || addresses[0] === '') throw new Error(`namespace ${namespace} has no pod address`)
  for (const address of addresses)
    execFileSync('nsenter', [
      `--net=/run/netns/${bed.netns}`,
      ...['iptables', '-I', 'OUTPUT', '-p', 'tcp', '-d', address, '--dport', String(port), '-j', 'DROP'],
    ])
}
