package main

import (
	"fmt"

	"istio.io/istio/operator/pkg/component"
	"istio.io/istio/operator/pkg/manifest"
	"istio.io/istio/operator/pkg/render"
)

// renderedChart renders Istio's embedded charts for a revision, with the values of the default profile.
func renderedChart(revision string) (*chart, error) {
	flags := []string{"profile=default"}
	// An install without a revision calls itself `default`; the chart's value is then empty.
	if revision != "default" {
		flags = append(flags, "revision="+revision)
	}
	sets, _, err := render.GenerateManifest(nil, flags, false, nil, nil)
	if err != nil {
		return nil, fmt.Errorf("Istio's charts for revision %s: %w", revision, err)
	}
	c := &chart{}
	for _, object := range manifest.ExtractComponent(sets, component.PilotComponentName) {
		content, err := object.MarshalJSON()
		if err != nil {
			return nil, err
		}
		if err := c.read(object.GetKind(), content); err != nil {
			return nil, fmt.Errorf("%s %s: %w", object.GetKind(), object.GetName(), err)
		}
	}
	if len(c.webhooks) == 0 || len(c.templates) == 0 {
		return nil, fmt.Errorf("Istio's charts for revision %s hold no injection webhooks or no templates", revision)
	}
	return c, nil
}
