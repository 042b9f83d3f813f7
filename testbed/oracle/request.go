package main

import (
	"encoding/json"

	corev1 "k8s.io/api/core/v1"
)

// Request is one question: the objects of a cluster as its API server writes them, and the control plane's revision.
type Request struct {
	ID   string `json:"id"`
	Kind string `json:"kind"`
	// Revision picks the ConfigMap `istio` or `istio-REVISION` among the objects, and filters what the control plane sees.
	Revision string            `json:"revision"`
	Objects  []json.RawMessage `json:"objects"`
	// Ports asked of every pod.
	Ports []uint32 `json:"ports"`
	// Calls asked of Kind `client`.
	Calls []Call `json:"calls"`
}

// Call is one connection that a client's sidecar makes to a service.
type Call struct {
	// Client is the calling pod, as `namespace/name`.
	Client string `json:"client"`
	// Host is the full service name; Port is the Service's.
	Host string `json:"host"`
	Port int    `json:"port"`
	// Subset of the DestinationRule, "" without.
	Subset string `json:"subset"`
}

// Answer holds what was asked and nothing else; pods are named `namespace/name`.
type Answer struct {
	ID    string `json:"id"`
	Error string `json:"error,omitempty"`
	// Modes of each pod's ports (kinds `sidecar` and `listeners`).
	Modes map[string]Modes `json:"modes,omitempty"`
	// Own lists the ports of each pod that have filter chains of their own (kind `listeners`).
	Own map[string][]uint32 `json:"own,omitempty"`
	// Possible modes of each pod's ports: more than one where Istio leaves the order of equal timestamps undefined (kind `ambient`).
	Possible map[string][]Modes `json:"possible,omitempty"`
	// Sends says, per call, what the client's proxy sends to each endpoint; empty where it has no cluster (kind `client`).
	Sends []map[string]string `json:"sends,omitempty"`
	// Injected holds each pod as it would be stored, or null where nothing injects it (kind `injection`).
	Injected map[string]*corev1.Pod `json:"injected,omitempty"`
}

// Modes maps a port to STRICT, PERMISSIVE or DISABLE.
type Modes map[uint32]string
