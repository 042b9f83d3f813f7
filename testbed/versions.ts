/** What the bed is made of; go.mod pins the same versions for the Go programs. */
export const versions = {
  kubernetes: 'v1.37.2',
  containerd: 'v2.4.2',
  coredns: '1.15.0',
  helm: 'v4.3.1',
  istio: ['1.31.0', '1.31.1'],
  envoy: '1.40.0',
} as const

/** The Istio version that `istioctl` and a plain install use: the newest one. */
export const newestIstio = versions.istio[versions.istio.length - 1] as string
