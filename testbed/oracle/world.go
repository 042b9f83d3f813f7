package main

import (
	"encoding/json"
	"fmt"

	corev1 "k8s.io/api/core/v1"

	meshconfig "istio.io/api/mesh/v1alpha1"
	networkingv1 "istio.io/client-go/pkg/apis/networking/v1"
	securityv1 "istio.io/client-go/pkg/apis/security/v1"
	"istio.io/istio/pilot/pkg/config/kube/crdclient"
	"istio.io/istio/pkg/config"
	"istio.io/istio/pkg/config/schema/gvk"
	"istio.io/istio/pkg/kube/controllers"
)

// world is what one control plane sees: the mesh config of its revision, and objects past its revision and discovery filters.
type world struct {
	revision            string
	mesh                *meshconfig.MeshConfig
	namespaces          []*corev1.Namespace
	pods                []*corev1.Pod
	services            []*corev1.Service
	peerAuthentications []*securityv1.PeerAuthentication
	configs             []config.Config
}

func worldOf(request Request) (*world, error) {
	objects, err := typed(request.Objects)
	if err != nil {
		return nil, err
	}
	w := &world{revision: request.Revision}
	if w.mesh, err = meshOf(objects, request.Revision); err != nil {
		return nil, err
	}
	for _, object := range objects {
		if namespace, ok := object.(*corev1.Namespace); ok {
			w.namespaces = append(w.namespaces, namespace)
		}
	}
	sees := w.filter()
	for _, object := range objects {
		switch object := object.(type) {
		case *corev1.Pod:
			w.pods = append(w.pods, object)
		case *corev1.Service:
			if sees.Filter(object) {
				w.services = append(w.services, object)
			}
		case *securityv1.PeerAuthentication:
			if sees.Filter(object) && w.inRevision(object) {
				w.peerAuthentications = append(w.peerAuthentications, object)
			}
		}
		if kind, ok := istioKind(object); ok && sees.Filter(object) && w.inRevision(object) {
			w.configs = append(w.configs, crdclient.TranslateObject(object, kind, domain))
		}
	}
	return w, nil
}

const domain = "cluster.local"

// inRevision is crdclient/client.go:inRevision, which is not exported: the same call.
func (w *world) inRevision(object controllers.Object) bool {
	return config.LabelsInRevision(object.GetLabels(), w.revision)
}

func typed(raw []json.RawMessage) ([]controllers.Object, error) {
	objects := make([]controllers.Object, 0, len(raw))
	for _, text := range raw {
		var is struct {
			Kind string `json:"kind"`
		}
		if err := json.Unmarshal(text, &is); err != nil {
			return nil, err
		}
		create, known := kinds[is.Kind]
		if !known {
			continue
		}
		object := create()
		if err := json.Unmarshal(text, object); err != nil {
			return nil, fmt.Errorf("%s: %w", is.Kind, err)
		}
		objects = append(objects, object)
	}
	return objects, nil
}

var kinds = map[string]func() controllers.Object{
	"Namespace":          func() controllers.Object { return &corev1.Namespace{} },
	"ConfigMap":          func() controllers.Object { return &corev1.ConfigMap{} },
	"Pod":                func() controllers.Object { return &corev1.Pod{} },
	"Service":            func() controllers.Object { return &corev1.Service{} },
	"PeerAuthentication": func() controllers.Object { return &securityv1.PeerAuthentication{} },
	"DestinationRule":    func() controllers.Object { return &networkingv1.DestinationRule{} },
	"ServiceEntry":       func() controllers.Object { return &networkingv1.ServiceEntry{} },
	"WorkloadEntry":      func() controllers.Object { return &networkingv1.WorkloadEntry{} },
	"Sidecar":            func() controllers.Object { return &networkingv1.Sidecar{} },
}

func istioKind(object controllers.Object) (config.GroupVersionKind, bool) {
	switch object.(type) {
	case *securityv1.PeerAuthentication:
		return gvk.PeerAuthentication, true
	case *networkingv1.DestinationRule:
		return gvk.DestinationRule, true
	case *networkingv1.ServiceEntry:
		return gvk.ServiceEntry, true
	case *networkingv1.WorkloadEntry:
		return gvk.WorkloadEntry, true
	case *networkingv1.Sidecar:
		return gvk.Sidecar, true
	}
	return config.GroupVersionKind{}, false
}
