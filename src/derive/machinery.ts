import type {Snapshot} from '../model/snapshot.ts'
import type {Pod} from '../model/workload.ts'

/**
 * True for a pod of the cluster's own machinery that calls no workload: without this list every cluster would hold callers outside the mesh.
 * By name only in namespaces that an administrator alone writes to; whatever relays or scrapes (ingress controllers, Prometheus) is not on it.
 */
export function machineryOf({controlPlane}: Pick<Snapshot, 'controlPlane'>): (pod: Pod) => boolean {
  const istiods = controlPlane.read ? controlPlane.value.istiods : []
  const isIstiod = ({namespace, workload}: Pod) =>
    workload.kind === 'Deployment' && istiods.some((istiod) => istiod.namespace === namespace && istiod.name === workload.name)
  const places = new Set([...systemNamespaces, ...istiods.map(({namespace}) => namespace)])
  return (pod) => isIstiod(pod) || (places.has(pod.namespace) && (pod.workload.kind === 'Node' || names.test(pod.workload.name)))
}

const systemNamespaces = ['kube-system', 'kube-flannel', 'calico-system', 'tigera-operator', 'local-path-storage']

const names = new RegExp(
  `^(${[
    'coredns|kube-dns|node-local-dns|(core|kube-)dns-autoscaler|kube-proxy|metrics-server(-.*)?|konnectivity-agent(-.*)?',
    '(etcd|kube-apiserver|kube-controller-manager|kube-scheduler)(-.+)?|cloud-(node-|controller-)?manager(-.*)?|kube-vip(-.*)?',
    'kindnet|kube-flannel(-ds)?|calico-(node|typha|kube-controllers|apiserver)|tigera-operator|cilium|cilium-operator|weave-net|aws-node|azure-(cns|npm|ip-masq-agent)|netd|ip-masq-agent|anetd',
    'local-path-provisioner|snapshot-controller|.*-csi-(controller|node)(-.*)?|csi-.*|pdcsi-node|storage-provisioner',
    'istio-cni-node|ztunnel|eks-pod-identity-agent',
  ].join('|')})$`,
)
