package main

import (
	corev1 "k8s.io/api/core/v1"
	klabels "k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/tools/cache"

	"istio.io/istio/pkg/kube/kclient"
	"istio.io/istio/pkg/kube/kubetypes"
	"istio.io/istio/pkg/kube/namespace"
)

// filter is istiod's own filter of namespaces by meshConfig.discoverySelectors (pkg/kube/namespace/filter.go).
func (w *world) filter() kubetypes.DynamicObjectFilter {
	stop := make(chan struct{})
	defer close(stop)
	return namespace.NewDiscoveryNamespacesFilter(fixedNamespaces{items: w.namespaces}, w.watcher(), stop)
}

// fixedNamespaces is an informer whose objects are known from the start: the filter uses no other method.
type fixedNamespaces struct {
	kclient.Client[*corev1.Namespace]
	items []*corev1.Namespace
}

func (f fixedNamespaces) AddEventHandler(cache.ResourceEventHandler) cache.ResourceEventHandlerRegistration {
	return nil
}

func (f fixedNamespaces) Start(<-chan struct{}) {}

func (f fixedNamespaces) HasSynced() bool { return true }

func (f fixedNamespaces) List(string, klabels.Selector) []*corev1.Namespace { return f.items }
