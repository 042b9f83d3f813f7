package main

import (
	"encoding/json"
	"fmt"
	"sort"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	securityv1 "istio.io/client-go/pkg/apis/security/v1"
)

// ambientSet gives every answer that istiod and ztunnel may come to: the ambient index leaves the order of equal timestamps to its maps,
// and looks at policies in two places (which to attach, and what to convert) that need not agree on it.
func ambientSet(request Request) (Answer, error) {
	w, err := worldOf(request)
	if err != nil {
		return Answer{}, err
	}
	orders, err := orders(w.peerAuthentications)
	if err != nil {
		return Answer{}, err
	}
	var views []ambientView
	for _, order := range orders {
		view, err := ambientViewOf(w, order)
		if err != nil {
			return Answer{}, err
		}
		views = append(views, view)
	}
	possible := map[string][]Modes{}
	for _, pod := range w.pods {
		seen := map[string]Modes{}
		for _, attaching := range views {
			for _, converting := range views {
				modes := modesOf(request.Ports, func(port uint32) string {
					return ztunnelMode(converting.policies, attaching.attached[nameOf(pod)], port)
				})
				key, err := json.Marshal(modes)
				if err != nil {
					return Answer{}, err
				}
				seen[string(key)] = modes
			}
		}
		possible[nameOf(pod)] = sortedByKey(seen)
	}
	return Answer{Possible: possible}, nil
}

// orders returns the policies once per way to put those of one namespace and one second in a row, told apart by nanoseconds.
func orders(policies []*securityv1.PeerAuthentication) ([][]*securityv1.PeerAuthentication, error) {
	ties := map[string][]int{}
	for i, policy := range policies {
		level := fmt.Sprintf("%s %d %t", policy.Namespace, policy.CreationTimestamp.Unix(), len(policy.Spec.GetSelector().GetMatchLabels()) > 0)
		ties[level] = append(ties[level], i)
	}
	result := [][]*securityv1.PeerAuthentication{policies}
	for _, tied := range ties {
		var next [][]*securityv1.PeerAuthentication
		for _, order := range permutations(tied) {
			for _, done := range result {
				next = append(next, shifted(done, order))
			}
		}
		if result = next; len(result) > mostOrders {
			return nil, fmt.Errorf("equal timestamps allow more than %d orders", mostOrders)
		}
	}
	return result, nil
}

// mostOrders bounds the work: 120 is five policies of one level in one second.
const mostOrders = 120

func shifted(policies []*securityv1.PeerAuthentication, order []int) []*securityv1.PeerAuthentication {
	copied := append([]*securityv1.PeerAuthentication{}, policies...)
	for rank, at := range order {
		policy := copied[at].DeepCopy()
		policy.CreationTimestamp = metav1.NewTime(policy.CreationTimestamp.Add(time.Duration(rank)))
		copied[at] = policy
	}
	return copied
}

func permutations(items []int) [][]int {
	if len(items) < 2 {
		return [][]int{items}
	}
	var all [][]int
	for i, first := range items {
		rest := append(append([]int{}, items[:i]...), items[i+1:]...)
		for _, tail := range permutations(rest) {
			all = append(all, append([]int{first}, tail...))
		}
	}
	return all
}

func sortedByKey(values map[string]Modes) []Modes {
	keys := make([]string, 0, len(values))
	for key := range values {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	sorted := make([]Modes, 0, len(keys))
	for _, key := range keys {
		sorted = append(sorted, values[key])
	}
	return sorted
}
