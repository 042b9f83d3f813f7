import type {Component} from '../component.ts'
import type {Plan} from './plan.ts'
import {systemObjects} from './system-objects.ts'

/** The API server, with an audit log (`log/audit.jsonl`: who did what to which object, without bodies). */
export function kubeApiserver({addresses, runDir, pki, build, api}: Plan): Component {
  return {
    name: 'kube-apiserver',
    needs: ['etcd'],
    files: {[`${runDir}/audit-policy.yaml`]: auditPolicy},
    command: [
      `${build.bin}/kube-apiserver`,
      '--etcd-servers=http://127.0.0.1:2379',
      `--service-cluster-ip-range=${addresses.servicesNet}`,
      `--advertise-address=${addresses.nodeIp}`,
      '--bind-address=0.0.0.0',
      '--secure-port=6443',
      `--tls-cert-file=${pki}/kube-apiserver.crt`,
      `--tls-private-key-file=${pki}/kube-apiserver.key`,
      `--client-ca-file=${pki}/ca.crt`,
      '--service-account-issuer=https://kubernetes.default.svc.cluster.local',
      `--service-account-key-file=${pki}/service-accounts.pub`,
      `--service-account-signing-key-file=${pki}/service-accounts.key`,
      '--authorization-mode=Node,RBAC',
      '--enable-admission-plugins=NodeRestriction',
      '--allow-privileged=true',
      '--kubelet-preferred-address-types=InternalIP',
      `--kubelet-client-certificate=${pki}/apiserver-to-kubelet.crt`,
      `--kubelet-client-key=${pki}/apiserver-to-kubelet.key`,
      `--audit-policy-file=${runDir}/audit-policy.yaml`,
      `--audit-log-path=${runDir}/log/audit.jsonl`,
    ],
    ready: async () => (await api.request('GET', '/readyz')).text === 'ok',
    fill: async () => {
      for (const {path, object} of systemObjects(addresses)) await api.create(path, object)
    },
  }
}

const auditPolicy = `apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
# The components' own housekeeping says nothing about who uses the cluster.
- level: None
  userGroups: [system:nodes]
- level: None
  users: [system:kube-controller-manager, system:kube-scheduler, system:kube-proxy, system:apiserver]
- level: None
  nonResourceURLs: [/healthz*, /readyz*, /livez*]
- level: Metadata
`
