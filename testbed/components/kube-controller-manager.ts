import type {Component} from '../component.ts'
import {isHealthy} from './healthz.ts'
import type {Plan} from './plan.ts'

/** The controllers: deployments, service accounts, namespaces, endpoints … */
export function kubeControllerManager({addresses, pki, build}: Plan): Component {
  const kubeconfig = `${pki}/kube-controller-manager.kubeconfig`
  return {
    name: 'kube-controller-manager',
    needs: ['kube-apiserver'],
    command: [
      `${build.bin}/kube-controller-manager`,
      `--kubeconfig=${kubeconfig}`,
      `--authentication-kubeconfig=${kubeconfig}`,
      `--authorization-kubeconfig=${kubeconfig}`,
      `--service-account-private-key-file=${pki}/service-accounts.key`,
      `--root-ca-file=${pki}/ca.crt`,
      `--cluster-signing-cert-file=${pki}/ca.crt`,
      `--cluster-signing-key-file=${pki}/ca.key`,
      '--use-service-account-credentials',
      '--leader-elect=false',
      `--cluster-cidr=${addresses.podsNet}`,
      // Deployments come up one after another at the default of 20 requests a second.
      '--kube-api-qps=200',
      '--kube-api-burst=400',
    ],
    ready: () => isHealthy(`https://${addresses.nodeIp}:10257/healthz`),
  }
}
