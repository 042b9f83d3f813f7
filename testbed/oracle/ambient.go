package main

import (
	"fmt"

	discoveryv1 "k8s.io/api/discovery/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	networkingv1 "istio.io/client-go/pkg/apis/networking/v1"
	securityv1 "istio.io/client-go/pkg/apis/security/v1"
	"istio.io/istio/pilot/pkg/model"
	"istio.io/istio/pilot/pkg/serviceregistry/ambient"
	"istio.io/istio/pkg/kube/controllers"
	"istio.io/istio/pkg/kube/krt"
	"istio.io/istio/pkg/workloadapi/security"
)

// ambientView is what istiod would send to ztunnel: the policies that exist, and which of them each pod names.
type ambientView struct {
	policies map[string]*security.Authorization
	attached map[string][]string
}

// ambientViewOf builds the collections of the ambient index (pilot/pkg/serviceregistry/ambient:New) over fixed objects instead of informers.
func ambientViewOf(w *world, peerAuthentications []*securityv1.PeerAuthentication) (ambientView, error) {
	stop := make(chan struct{})
	defer close(stop)
	options := ambient.Options{Revision: w.revision, SystemNamespace: "istio-system", DomainSuffix: domain, ClusterID: "Kubernetes"}
	opts := krt.NewOptionsBuilder(stop, "ambient", nil)
	mesh := w.watcher()
	namespaces, policies := fixed(opts, w.namespaces), fixed(opts, peerAuthentications)
	waypoints := krt.NewStaticCollection[ambient.Waypoint](nil, nil, opts.WithName("waypoints")...)
	authorization, all := ambient.PolicyCollections(fixed[*securityv1.AuthorizationPolicy](opts, nil), policies, mesh, waypoints, opts, options.Flags)
	builder := ambient.Builder{
		DomainSuffix: domain,
		ClusterID:    options.ClusterID,
		Networks:     ambient.BuildNetworkCollections(namespaces, fixed[*gatewayv1.Gateway](opts, nil), options, opts),
	}
	workloads := builder.WorkloadsCollection(
		fixed(opts, w.pods),
		krt.NewStaticCollection[ambient.Node](nil, nil, opts.WithName("nodes")...),
		mesh, authorization, policies, waypoints,
		krt.NewStaticCollection[model.ServiceInfo](nil, nil, opts.WithName("services")...),
		fixed[*networkingv1.WorkloadEntry](opts, nil),
		fixed[*networkingv1.ServiceEntry](opts, nil),
		fixed[*discoveryv1.EndpointSlice](opts, nil),
		namespaces, opts,
	)
	if !all.WaitUntilSynced(stop) || !workloads.WaitUntilSynced(stop) {
		return ambientView{}, fmt.Errorf("the ambient index did not come to rest")
	}
	view := ambientView{policies: map[string]*security.Authorization{}, attached: map[string][]string{}}
	for _, policy := range all.List() {
		view.policies[policy.ResourceName()] = policy.Authorization
	}
	for _, workload := range workloads.List() {
		view.attached[workload.Workload.Namespace+"/"+workload.Workload.Name] = workload.Workload.AuthorizationPolicies
	}
	return view, nil
}

func fixed[T controllers.Object](opts krt.OptionsBuilder, objects []T) krt.Collection[T] {
	return krt.NewStaticCollection(nil, objects, opts.WithName("fixed")...)
}
