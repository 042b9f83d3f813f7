package main

import "istio.io/istio/pkg/workloadapi/security"

// ztunnelMode restates ztunnel's last step, which is Rust and cannot be called: a connection without a peer identity is refused when a
// DENY policy that the workload names exists and matches it (ztunnel src/state.rs:assert_rbac, src/rbac.rs:matches). Only the fields
// that istiod writes for PeerAuthentications are known here; any other panics, so that a new one cannot be overlooked.
func ztunnelMode(policies map[string]*security.Authorization, attached []string, port uint32) string {
	for _, name := range attached {
		// A policy that is named but missing is skipped with a warning, not taken for a refusal.
		if policy, exists := policies[name]; exists && denies(policy, port) {
			return "STRICT"
		}
	}
	return "PERMISSIVE"
}

func denies(policy *security.Authorization, port uint32) bool {
	if policy.Action != security.Action_DENY {
		panic("a PeerAuthentication became a policy that does not deny: " + policy.Name)
	}
	for _, group := range policy.Groups {
		if all(group.Rules, func(rule *security.Rules) bool {
			return len(rule.Matches) == 0 || anyOf(rule.Matches, func(match *security.Match) bool { return matches(match, port) })
		}) {
			return true
		}
	}
	return false
}

func matches(match *security.Match, port uint32) bool {
	known := &security.Match{
		NotPrincipals:       match.NotPrincipals,
		DestinationPorts:    match.DestinationPorts,
		NotDestinationPorts: match.NotDestinationPorts,
	}
	if known.String() != match.String() {
		panic("a PeerAuthentication became a match that ztunnel.go does not know: " + match.String())
	}
	// Without an identity there is no principal, so "not any principal" always holds.
	isPort := func(wanted uint32) bool { return wanted == port }
	return (len(match.DestinationPorts) == 0 || anyOf(match.DestinationPorts, isPort)) && !anyOf(match.NotDestinationPorts, isPort)
}

func all[T any](items []T, holds func(T) bool) bool {
	return !anyOf(items, func(item T) bool { return !holds(item) })
}

func anyOf[T any](items []T, holds func(T) bool) bool {
	for _, item := range items {
		if holds(item) {
			return true
		}
	}
	return false
}
