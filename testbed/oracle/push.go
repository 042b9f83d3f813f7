package main

import (
	"sync"

	"istio.io/istio/pilot/pkg/config/memory"
	"istio.io/istio/pilot/pkg/model"
	memregistry "istio.io/istio/pilot/pkg/serviceregistry/memory"
	"istio.io/istio/pkg/config"
	"istio.io/istio/pkg/config/mesh"
	"istio.io/istio/pkg/config/mesh/meshwatcher"
	"istio.io/istio/pkg/config/schema/collections"
	"istio.io/istio/pkg/kube/krt"
)

// push is the context from which istiod configures proxies, of this world's objects (model/push_context.go:InitContext).
func (w *world) push() *model.PushContext {
	env := environment()
	env.Watcher = w.watcher()
	env.ConfigStore = &store{ConfigStore: noConfigs(), configs: w.configs}
	push := model.NewPushContext()
	push.InitContext(env, nil, nil)
	return push
}

// store lists the world's objects; sorting and choosing among them is the push context's.
type store struct {
	model.ConfigStore
	configs []config.Config
}

func (s *store) List(kind config.GroupVersionKind, namespace string) []config.Config {
	var listed []config.Config
	for _, c := range s.configs {
		if c.GroupVersionKind == kind && (namespace == model.NamespaceAll || c.Namespace == namespace) {
			listed = append(listed, c)
		}
	}
	return listed
}

var noConfigs = sync.OnceValue(func() model.ConfigStoreController {
	return memory.NewController(memory.MakeSkipValidation(collections.Pilot))
})

// environment is what every world shares: no services, no virtual services, nothing that decides about mutual TLS.
var environment = sync.OnceValue(func() *model.Environment {
	env := model.NewEnvironment()
	env.Watcher = (&world{mesh: mesh.DefaultMeshConfig()}).watcher()
	env.NetworksWatcher = meshwatcher.NewFixedNetworksWatcher(nil)
	env.ServiceDiscovery = memregistry.NewServiceDiscovery()
	env.ConfigStore = noConfigs()
	env.VirtualServiceController = model.NewVirtualServiceController(
		noConfigs(),
		model.VSControllerOptions{KrtDebugger: krt.GlobalDebugHandler, XDSUpdater: model.NewEndpointIndexUpdater(env.EndpointIndex)},
		env.Watcher,
	)
	env.Init()
	return env
})
