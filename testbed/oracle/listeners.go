package main

import (
	"fmt"

	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	tlsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"

	"istio.io/istio/pilot/pkg/model"
	"istio.io/istio/pilot/test/xds"
)

// listeners reads the modes off the inbound listeners that istiod builds for every pod (pilot/pkg/networking/core:listener_inbound.go):
// Services, Sidecars and passthrough included. Port 0 stands for all without chains of their own.
func listeners(request Request) (Answer, error) {
	w, err := worldOf(request)
	if err != nil {
		return Answer{}, err
	}
	answer := Answer{Modes: map[string]Modes{}, Own: map[string][]uint32{}}
	err = w.withServer(func(server *xds.FakeDiscoveryServer) error {
		for _, pod := range w.pods {
			inbound := virtualInbound(server.Listeners(connected(server, pod)))
			if inbound == nil {
				continue
			}
			chains := chainsByPort(inbound)
			modes := Modes{}
			for _, port := range request.Ports {
				matching, own := chains[port]
				if !own {
					matching = chains[0]
				}
				if modes[port], err = modeOfChains(matching); err != nil {
					return fmt.Errorf("%s port %d: %w", nameOf(pod), port, err)
				}
			}
			answer.Modes[nameOf(pod)] = modes
			answer.Own[nameOf(pod)] = ownPorts(chains)
		}
		return nil
	})
	return answer, err
}

func virtualInbound(all []*listenerv3.Listener) *listenerv3.Listener {
	for _, one := range all {
		if one.Name == model.VirtualInboundListenerName {
			return one
		}
	}
	return nil
}

// chainsByPort files filter chains by destination port; Envoy looks at the chains without one only when no other has the port.
func chainsByPort(inbound *listenerv3.Listener) map[uint32][]*listenerv3.FilterChain {
	chains := map[uint32][]*listenerv3.FilterChain{}
	for _, chain := range inbound.FilterChains {
		if chain.Name == model.VirtualInboundBlackholeFilterChainName {
			continue
		}
		port := chain.GetFilterChainMatch().GetDestinationPort().GetValue()
		chains[port] = append(chains[port], chain)
	}
	return chains
}

func ownPorts(chains map[uint32][]*listenerv3.FilterChain) []uint32 {
	ports := []uint32{}
	for port := range chains {
		if port != 0 {
			ports = append(ports, port)
		}
	}
	return ports
}

// modeOfChains: every chain demands a client certificate: STRICT; none terminates TLS: DISABLE; both kinds: PERMISSIVE.
func modeOfChains(chains []*listenerv3.FilterChain) (string, error) {
	demanding, plain := 0, 0
	for _, chain := range chains {
		if chain.TransportSocket == nil {
			plain++
			continue
		}
		tls := &tlsv3.DownstreamTlsContext{}
		if err := chain.TransportSocket.GetTypedConfig().UnmarshalTo(tls); err != nil {
			return "", err
		}
		if !tls.GetRequireClientCertificate().GetValue() {
			return "", fmt.Errorf("chain %s has TLS without demanding a client certificate", chain.Name)
		}
		demanding++
	}
	switch {
	case demanding == 0 && plain == 0:
		return "", fmt.Errorf("no chain matches")
	case plain == 0:
		return "STRICT", nil
	case demanding == 0:
		return "DISABLE", nil
	}
	return "PERMISSIVE", nil
}
