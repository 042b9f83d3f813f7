package main

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"

	meshconfig "istio.io/api/mesh/v1alpha1"
	"istio.io/istio/pkg/config/mesh"
	"istio.io/istio/pkg/config/mesh/meshwatcher"
	"istio.io/istio/pkg/kube/controllers"
	"istio.io/istio/pkg/kube/krt"
)

// meshOf reads the ConfigMap of a revision as istiod does (pkg/config/mesh/mesh.go:ApplyMeshConfigDefaults); Istio's defaults without one.
func meshOf(objects []controllers.Object, revision string) (*meshconfig.MeshConfig, error) {
	name := "istio"
	if revision != "" && revision != "default" {
		name += "-" + revision
	}
	text := ""
	for _, object := range objects {
		if configMap, ok := object.(*corev1.ConfigMap); ok && configMap.Name == name {
			text = configMap.Data["mesh"]
		}
	}
	if parsed, ok := meshes[text]; ok {
		return parsed, nil
	}
	parsed, err := mesh.ApplyMeshConfigDefaults(text)
	if err != nil {
		return nil, fmt.Errorf("ConfigMap %s: %w", name, err)
	}
	meshes[text] = parsed
	return parsed, nil
}

// meshes remembers what was parsed: few texts come again and again, and nobody changes them.
var meshes = map[string]*meshconfig.MeshConfig{}

// watcher hands out a mesh config that never changes. meshwatcher.NewTestWatcher would register each one for debugging, for ever.
func (w *world) watcher() meshwatcher.WatcherCollection {
	return meshwatcher.ConfigAdapter(krt.NewStatic(&meshwatcher.MeshConfigResource{MeshConfig: w.mesh}, true))
}
