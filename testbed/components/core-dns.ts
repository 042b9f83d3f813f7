import {Resolver} from 'node:dns/promises'
import type {Component} from '../component.ts'
import type {Plan} from './plan.ts'

/** Ready when the cluster's DNS answers at its service address: scheduler, registry, container, service and pod network all work then. */
export function coreDns({addresses}: Plan): Component {
  const resolver = new Resolver({timeout: 500, tries: 1})
  resolver.setServers([addresses.dnsIp])
  return {
    name: 'coredns',
    log: 'kubelet',
    needs: ['node', 'kube-scheduler', 'kube-proxy', 'registry'],
    ready: async () => (await resolver.resolve4('kubernetes.default.svc.cluster.local')).includes(addresses.apiServiceIp),
  }
}
