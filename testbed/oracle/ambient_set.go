package main

import (
	"fmt"
	"maps"
	"slices"
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
	orders, err := w.orders()
	if err != nil {
		return Answer{}, err
	}
	views := map[string]ambientView{}
	for _, order := range orders {
		view, err := ambientViewOf(w, order)
		if err != nil {
			return Answer{}, err
		}
		views[fmt.Sprint(view)] = view
	}
	possible := map[string][]Modes{}
	for _, pod := range w.pods {
		seen := map[string]Modes{}
		for _, attaching := range views {
			for _, converting := range views {
				modes := modesOf(request.Ports, func(port uint32) string {
					return ztunnelMode(converting.policies, attaching.attached[nameOf(pod)], port)
				})
				seen[fmt.Sprint(modes)] = modes
			}
		}
		possible[nameOf(pod)] = slices.Collect(maps.Values(seen))
	}
	return Answer{Possible: possible}, nil
}

// orders returns the policies once per way to put those of one namespace, level and second in a row, told apart by nanoseconds.
func (w *world) orders() ([][]*securityv1.PeerAuthentication, error) {
	matters := map[string]bool{w.mesh.GetRootNamespace(): true}
	for _, pod := range w.pods {
		matters[pod.Namespace] = true
	}
	ties := map[string][]int{}
	for i, policy := range w.peerAuthentications {
		if matters[policy.Namespace] {
			selects := len(policy.Spec.GetSelector().GetMatchLabels()) > 0
			tie := fmt.Sprint(policy.Namespace, policy.CreationTimestamp.Unix(), selects)
			ties[tie] = append(ties[tie], i)
		}
	}
	result := [][]*securityv1.PeerAuthentication{w.peerAuthentications}
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

// mostOrders bounds the work: 720 is six policies of one level in one second.
const mostOrders = 720

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
