package main

import (
	"fmt"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	tlsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
	"google.golang.org/protobuf/proto"

	"istio.io/istio/pilot/pkg/networking/util"
	"istio.io/istio/pkg/wellknown"
)

// protocolTo restates how Envoy picks a transport socket: the first match whose fields the endpoint's metadata holds, else the cluster's own.
func protocolTo(cluster *clusterv3.Cluster, endpoint *endpointv3.LbEndpoint) (string, error) {
	metadata := endpoint.GetMetadata().GetFilterMetadata()[util.EnvoyTransportSocketMetadataKey].GetFields()
	for _, candidate := range cluster.TransportSocketMatches {
		matches := true
		for key, wanted := range candidate.GetMatch().GetFields() {
			matches = matches && proto.Equal(metadata[key], wanted)
		}
		if matches {
			return protocolOf(candidate.TransportSocket)
		}
	}
	return protocolOf(cluster.TransportSocket)
}

// protocolOf: mutual TLS with the mesh's own certificate is `mtls`, any other TLS is `foreign-tls`.
func protocolOf(socket *corev3.TransportSocket) (string, error) {
	switch socket.GetName() {
	case "", wellknown.TransportSocketRawBuffer:
		return "plain-text", nil
	case wellknown.TransportSocketTLS:
	default:
		return "", fmt.Errorf("transport socket %s is not known to the oracle", socket.GetName())
	}
	tls := &tlsv3.UpstreamTlsContext{}
	if err := socket.GetTypedConfig().UnmarshalTo(tls); err != nil {
		return "", err
	}
	for _, secret := range tls.GetCommonTlsContext().GetTlsCertificateSdsSecretConfigs() {
		if secret.GetName() == meshCertificate {
			return "mtls", nil
		}
	}
	return "foreign-tls", nil
}

// meshCertificate is the name under which every sidecar gets its workload certificate (pilot/pkg/security/model/authentication.go).
const meshCertificate = "default"
