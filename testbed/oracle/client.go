package main

import (
	"fmt"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"

	"istio.io/istio/pilot/pkg/model"
	"istio.io/istio/pilot/pkg/xds/endpoints"
	"istio.io/istio/pilot/test/xds"
	"istio.io/istio/pkg/config/host"
)

// client reads what a sidecar sends off the clusters and endpoints that istiod builds for it (pilot/pkg/networking/core:cluster_tls.go,
// pilot/pkg/xds/endpoints): by endpoint address, or under `*` where the cluster dials what it is told.
func client(request Request) (Answer, error) {
	w, err := worldOf(request)
	if err != nil {
		return Answer{}, err
	}
	var answer Answer
	err = w.withServer(func(server *xds.FakeDiscoveryServer) error {
		callers := map[string]*caller{}
		for _, pod := range w.pods {
			callers[nameOf(pod)] = &caller{server: server, proxy: connected(server, pod)}
		}
		for _, call := range request.Calls {
			from, known := callers[call.Client]
			if !known {
				return fmt.Errorf("no pod is called %s", call.Client)
			}
			sends, err := from.sends(model.BuildSubsetKey(model.TrafficDirectionOutbound, call.Subset, host.Name(call.Host), call.Port))
			if err != nil {
				return err
			}
			answer.Sends = append(answer.Sends, sends)
		}
		return nil
	})
	return answer, err
}

type caller struct {
	server   *xds.FakeDiscoveryServer
	proxy    *model.Proxy
	clusters map[string]*clusterv3.Cluster
}

func (c *caller) sends(name string) (map[string]string, error) {
	if c.clusters == nil {
		c.clusters = map[string]*clusterv3.Cluster{}
		for _, one := range c.server.Clusters(c.proxy) {
			c.clusters[one.Name] = one
		}
	}
	cluster, exists := c.clusters[name]
	if !exists {
		return map[string]string{}, nil
	}
	sends := map[string]string{}
	for _, endpoint := range c.endpoints(cluster) {
		protocol, err := protocolTo(cluster, endpoint)
		if err != nil {
			return nil, err
		}
		sends[endpoint.GetEndpoint().GetAddress().GetSocketAddress().GetAddress()] = protocol
	}
	if cluster.GetType() == clusterv3.Cluster_ORIGINAL_DST {
		protocol, err := protocolTo(cluster, &endpointv3.LbEndpoint{})
		if err != nil {
			return nil, err
		}
		sends["*"] = protocol
	}
	return sends, nil
}

func (c *caller) endpoints(cluster *clusterv3.Cluster) []*endpointv3.LbEndpoint {
	assignment := cluster.GetLoadAssignment()
	if cluster.GetType() == clusterv3.Cluster_EDS {
		builder := endpoints.NewEndpointBuilder(cluster.Name, c.proxy, c.server.PushContext())
		assignment = builder.BuildClusterLoadAssignment(c.server.Env().EndpointIndex)
	}
	var all []*endpointv3.LbEndpoint
	for _, locality := range assignment.GetEndpoints() {
		all = append(all, locality.LbEndpoints...)
	}
	return all
}
