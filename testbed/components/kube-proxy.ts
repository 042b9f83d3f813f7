import type {Component} from '../component.ts'
import {answers} from './healthz.ts'
import type {Plan} from './plan.ts'

/** Services, by nftables; the limits on connection tracking stay as they are, for a namespace may not write them. */
export function kubeProxy({addresses, pki, build}: Plan): Component {
  return {
    name: 'kube-proxy',
    needs: ['kube-apiserver'],
    command: [
      `${build.bin}/kube-proxy`,
      `--kubeconfig=${pki}/kube-proxy.kubeconfig`,
      '--proxy-mode=nftables',
      '--conntrack-max-per-core=0',
      '--conntrack-tcp-timeout-established=0',
      '--conntrack-tcp-timeout-close-wait=0',
      `--cluster-cidr=${addresses.podsNet}`,
      '--hostname-override=node1',
    ],
    ready: () => answers(`http://${addresses.nodeIp}:10256/livez`),
  }
}
