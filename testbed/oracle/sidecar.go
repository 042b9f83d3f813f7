package main

import (
	corev1 "k8s.io/api/core/v1"

	"istio.io/istio/pilot/pkg/model"
	"istio.io/istio/pilot/pkg/security/authn"
)

// sidecar asks the policy applier that builds each sidecar's inbound listener (pilot/pkg/security/authn) for the mode of every port.
func sidecar(request Request) (Answer, error) {
	w, err := worldOf(request)
	if err != nil {
		return Answer{}, err
	}
	push := w.push()
	modes := map[string]Modes{}
	for _, pod := range w.pods {
		applier := authn.NewPolicyApplier(push, proxyOf(pod), nil)
		modes[nameOf(pod)] = modesOf(request.Ports, func(port uint32) string { return applier.GetMutualTLSModeForPort(port).String() })
	}
	return Answer{Modes: modes}, nil
}

func proxyOf(pod *corev1.Pod) *model.Proxy {
	return &model.Proxy{
		Type:            model.SidecarProxy,
		ID:              pod.Name + "." + pod.Namespace,
		ConfigNamespace: pod.Namespace,
		Labels:          pod.Labels,
		Metadata:        &model.NodeMetadata{Namespace: pod.Namespace, Labels: pod.Labels},
	}
}

func modesOf(ports []uint32, mode func(uint32) string) Modes {
	modes := Modes{}
	for _, port := range ports {
		modes[port] = mode(port)
	}
	return modes
}

func nameOf(pod *corev1.Pod) string { return pod.Namespace + "/" + pod.Name }
