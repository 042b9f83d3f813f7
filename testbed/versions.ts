/** What the bed is made of; go.mod pins the same versions for the Go programs. */
export const versions = {
  kubernetes: 'v1.37.2',
  containerd: 'v2.4.2',
  coredns: '1.15.0',
  helm: 'v4.3.1',
  /** The oldest helm 3 that the action promises to work with; testbed/helm3/go.mod pins it. */
  helm3: 'v3.18.6',
  istio: ['1.31.0', '1.31.1'],
  /** A minor version before, in name alone: its charts and images are those of 1.31.0 under another number. */
  istioBefore: {version: '1.30.4', is: '1.31.0'},
  envoy: '1.40.0',
} as const

/** The Istio version that `istioctl` and a plain install use: the newest one. */
export const newestIstio = versions.istio[versions.istio.length - 1] as string
