import type {Component} from '../component.ts'
import {isHealthy} from './healthz.ts'
import type {Plan} from './plan.ts'

/** The scheduler. */
export function kubeScheduler({addresses, pki, build}: Plan): Component {
  const kubeconfig = `${pki}/kube-scheduler.kubeconfig`
  return {
    name: 'kube-scheduler',
    needs: ['kube-apiserver'],
    command: [
      `${build.bin}/kube-scheduler`,
      `--kubeconfig=${kubeconfig}`,
      `--authentication-kubeconfig=${kubeconfig}`,
      `--authorization-kubeconfig=${kubeconfig}`,
      '--leader-elect=false',
      '--kube-api-qps=200',
      '--kube-api-burst=400',
    ],
    ready: () => isHealthy(`https://${addresses.nodeIp}:10259/healthz`),
  }
}
