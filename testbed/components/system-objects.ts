import type {Addresses} from '../addresses.ts'
import {imageNames} from '../build/images.ts'

/** The objects that the bed itself puts into the cluster; `reset` knows them by their label. */
export function systemObjects({dnsIp}: Addresses): {path: string; object: unknown}[] {
  const metadata = (name: string) => ({name, labels: {'istio-mtls-testbed': 'system'}})
  const podLabels = {'k8s-app': 'kube-dns'}
  const inKubeSystem = (group: string, kind: string) => `${group}/namespaces/kube-system/${kind}`
  const rbac = '/apis/rbac.authorization.k8s.io/v1'
  return [
    {
      path: `${rbac}/clusterrolebindings`,
      object: {
        metadata: metadata('kube-proxy'),
        roleRef: {apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'system:node-proxier'},
        subjects: [{kind: 'User', name: 'system:kube-proxy', apiGroup: 'rbac.authorization.k8s.io'}],
      },
    },
    {path: inKubeSystem('/api/v1', 'serviceaccounts'), object: {metadata: metadata('coredns')}},
    {
      path: `${rbac}/clusterroles`,
      object: {
        metadata: metadata('coredns'),
        rules: [
          {apiGroups: [''], resources: ['endpoints', 'services', 'pods', 'namespaces'], verbs: ['list', 'watch']},
          {apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: ['list', 'watch']},
        ],
      },
    },
    {
      path: `${rbac}/clusterrolebindings`,
      object: {
        metadata: metadata('coredns'),
        roleRef: {apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'coredns'},
        subjects: [{kind: 'ServiceAccount', name: 'coredns', namespace: 'kube-system'}],
      },
    },
    {path: inKubeSystem('/api/v1', 'configmaps'), object: {metadata: metadata('coredns'), data: {Corefile: corefile}}},
    {
      path: inKubeSystem('/api/v1', 'services'),
      object: {
        metadata: metadata('kube-dns'),
        spec: {
          clusterIP: dnsIp,
          selector: podLabels,
          ports: [
            {name: 'dns', port: 53, protocol: 'UDP'},
            {name: 'dns-tcp', port: 53, protocol: 'TCP'},
          ],
        },
      },
    },
    {
      path: inKubeSystem('/apis/apps/v1', 'deployments'),
      object: {
        metadata: metadata('coredns'),
        spec: {selector: {matchLabels: podLabels}, template: {metadata: {labels: podLabels}, spec: podSpec}},
      },
    },
  ]
}

const corefile = `.:53 {
  errors
  ready
  kubernetes cluster.local in-addr.arpa {
    pods insecure
  }
  cache 5
}
`

const podSpec = {
  serviceAccountName: 'coredns',
  dnsPolicy: 'Default',
  terminationGracePeriodSeconds: 1,
  // It may start before the controllers have noticed that the node is ready.
  tolerations: [{operator: 'Exists'}],
  containers: [
    {
      name: 'coredns',
      image: `docker.io/${imageNames.coredns}`,
      args: ['-conf', '/etc/coredns/Corefile'],
      readinessProbe: {httpGet: {path: '/ready', port: 8181}, periodSeconds: 1},
      volumeMounts: [{name: 'config', mountPath: '/etc/coredns'}],
    },
  ],
  volumes: [{name: 'config', configMap: {name: 'coredns'}}],
}
