package main

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"istio.io/istio/pilot/pkg/model"
	"istio.io/istio/pilot/test/xds"
	"istio.io/istio/pkg/cluster"
	"istio.io/istio/pkg/test"
)

// withServer runs a whole istiod of this world in memory (pilot/test/xds/fake.go): dearer than a push context, but with services,
// endpoints and everything that is sent to a proxy.
func (w *world) withServer(use func(*xds.FakeDiscoveryServer) error) error {
	var failed error
	crashed := test.Wrap(func(t test.Failer) {
		objects := []runtime.Object{}
		for _, namespace := range w.namespaces {
			objects = append(objects, namespace)
		}
		for _, pod := range w.pods {
			objects = append(objects, pod)
		}
		for _, service := range w.services {
			objects = append(objects, service)
			for _, slice := range endpointSlicesOf(service, w.pods) {
				objects = append(objects, slice)
			}
		}
		failed = use(xds.NewFakeDiscoveryServer(t, xds.FakeOptions{
			KubernetesObjects:  objects,
			Configs:            w.configs,
			MeshConfig:         w.mesh,
			DefaultClusterName: clusterName,
		}))
	})
	if crashed != nil {
		return fmt.Errorf("istiod in memory: %w", crashed)
	}
	return failed
}

const clusterName = cluster.ID("Kubernetes")

// connected is a pod's proxy as istiod knows it once it has connected.
func connected(server *xds.FakeDiscoveryServer, pod *corev1.Pod) *model.Proxy {
	proxy := proxyOf(pod)
	proxy.IPAddresses = []string{pod.Status.PodIP}
	proxy.Metadata.ClusterID = clusterName
	proxy.Metadata.InterceptionMode = interceptionOf(pod)
	proxy.SetWorkloadLabels(server.Env())
	return server.SetupProxy(proxy)
}

// interceptionOf reads what the injector wrote into the proxy's environment.
func interceptionOf(pod *corev1.Pod) model.TrafficInterceptionMode {
	for _, container := range append(pod.Spec.Containers, pod.Spec.InitContainers...) {
		for _, env := range container.Env {
			if container.Name == "istio-proxy" && env.Name == "ISTIO_META_INTERCEPTION_MODE" {
				return model.TrafficInterceptionMode(env.Value)
			}
		}
	}
	return model.InterceptionRedirect
}
