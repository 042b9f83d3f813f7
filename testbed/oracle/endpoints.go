package main

import (
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/endpointslice"
)

// endpointSlicesOf is what Kubernetes' own controller would write for a service, but with a slice for each pod: that is how pods that
// resolve a named port differently are kept apart.
func endpointSlicesOf(service *corev1.Service, pods []*corev1.Pod) []*discoveryv1.EndpointSlice {
	var slices []*discoveryv1.EndpointSlice
	if len(service.Spec.Selector) == 0 || service.Spec.Type == corev1.ServiceTypeExternalName {
		return nil
	}
	for _, pod := range pods {
		if pod.Namespace == service.Namespace && labels.SelectorFromSet(service.Spec.Selector).Matches(labels.Set(pod.Labels)) {
			slices = append(slices, endpointSliceOf(service, pod))
		}
	}
	return slices
}

func endpointSliceOf(service *corev1.Service, pod *corev1.Pod) *discoveryv1.EndpointSlice {
	slice := &discoveryv1.EndpointSlice{
		ObjectMeta: metav1.ObjectMeta{
			Name:      service.Name + "-" + pod.Name,
			Namespace: service.Namespace,
			Labels:    map[string]string{discoveryv1.LabelServiceName: service.Name},
		},
		AddressType: discoveryv1.AddressTypeIPv4,
		Endpoints: []discoveryv1.Endpoint{{
			Addresses: []string{pod.Status.PodIP},
			TargetRef: &corev1.ObjectReference{Kind: "Pod", Namespace: pod.Namespace, Name: pod.Name},
		}},
	}
	if service.Spec.ClusterIP == corev1.ClusterIPNone {
		slice.Labels[corev1.IsHeadlessService] = ""
	}
	for _, port := range service.Spec.Ports {
		number, err := endpointslice.FindPort(pod, &port)
		if err != nil {
			continue
		}
		target := int32(number)
		slice.Ports = append(slice.Ports, discoveryv1.EndpointPort{Name: &port.Name, Port: &target, Protocol: &port.Protocol, AppProtocol: port.AppProtocol})
	}
	return slice
}
