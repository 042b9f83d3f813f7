import type {Component} from '../component.ts'
import {answers} from './healthz.ts'
import type {Plan} from './plan.ts'

/** The kubelet of the one node, `node1`. */
export function kubelet({addresses, runDir, pki, build}: Plan): Component {
  return {
    name: 'kubelet',
    needs: ['kube-apiserver', 'containerd'],
    files: {[`${runDir}/kubelet.yaml`]: configOf(addresses, pki, runDir), [`${runDir}/resolv.conf`]: 'nameserver 127.0.0.1\n'},
    command: [
      `${build.bin}/kubelet`,
      `--config=${runDir}/kubelet.yaml`,
      `--kubeconfig=${pki}/kubelet.kubeconfig`,
      `--root-dir=${runDir}/kubelet`,
      '--hostname-override=node1',
      `--node-ip=${addresses.nodeIp}`,
    ],
    ready: () => answers(`http://${addresses.nodeIp}:10248/healthz`),
  }
}

/** Ready only when the API server says so of the node. */
export function node({api}: Plan): Component {
  return {
    name: 'node',
    log: 'kubelet',
    needs: ['kubelet', 'kube-controller-manager'],
    ready: async () => {
      const {status} = await api.json<{status: {conditions?: {type: string; status: string}[]}}>('/api/v1/nodes/node1')
      return status.conditions?.some((condition) => condition.type === 'Ready' && condition.status === 'True') ?? false
    },
  }
}

function configOf({name, nodeIp, dnsIp}: Plan['addresses'], pki: string, runDir: string): string {
  return `apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
failCgroupV1: false
cgroupDriver: cgroupfs
cgroupRoot: /${name}
cgroupsPerQOS: true
enforceNodeAllocatable: []
failSwapOn: false
clusterDNS: [${dnsIp}]
clusterDomain: cluster.local
containerRuntimeEndpoint: unix:///run/containerd/containerd.sock
address: ${nodeIp}
healthzBindAddress: ${nodeIp}
authentication: {anonymous: {enabled: false}, webhook: {enabled: true}, x509: {clientCAFile: ${pki}/ca.crt}}
authorization: {mode: Webhook}
tlsCertFile: ${pki}/kubelet.crt
tlsPrivateKeyFile: ${pki}/kubelet.key
resolvConf: ${runDir}/resolv.conf
serializeImagePulls: false
registryPullQPS: 0
kubeAPIQPS: 200
kubeAPIBurst: 400
# The machine's disk is not the bed's business.
evictionHard: {nodefs.available: "1%", imagefs.available: "1%"}
imageGCHighThresholdPercent: 100
`
}
