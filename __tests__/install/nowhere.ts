/** Values of an agent's chart by which no node of the bed is fit: its DaemonSet is applied for real and runs no pod. */
export const nowhere = `
affinity:
  nodeAffinity:
    requiredDuringSchedulingIgnoredDuringExecution:
      nodeSelectorTerms: [{matchExpressions: [{key: istio-mtls.test/agents, operator: Exists}]}]
`
