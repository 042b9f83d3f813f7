package main

import (
	"encoding/json"
	"fmt"
	"sync"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"istio.io/istio/pkg/kube/inject"
)

// injection creates every pod as the API server and istiod's injector would, by the webhooks and templates that Istio's own chart renders
// for the revision: the answer is the pod as it would be stored, or null where nothing injects it.
func injection(request Request) (Answer, error) {
	w, err := worldOf(request)
	if err != nil {
		return Answer{}, err
	}
	chart, err := chartOf(request.Revision)
	if err != nil {
		return Answer{}, err
	}
	answer := Answer{Injected: map[string]*corev1.Pod{}}
	for _, pod := range w.pods {
		selected, err := chart.selects(pod, w.labelsOf(pod.Namespace))
		if err != nil {
			return Answer{}, err
		}
		answer.Injected[nameOf(pod)] = nil
		if !selected {
			continue
		}
		injected, err := chart.inject(w, pod)
		if err != nil {
			return Answer{}, err
		}
		answer.Injected[nameOf(pod)] = injected
	}
	return answer, nil
}

func (w *world) labelsOf(name string) map[string]string {
	for _, namespace := range w.namespaces {
		if namespace.Name == name {
			return namespace.Labels
		}
	}
	return nil
}

// selects is the API server's part: any webhook whose two selectors match.
func (c *chart) selects(pod *corev1.Pod, namespaceLabels map[string]string) (bool, error) {
	for _, webhook := range c.webhooks {
		namespaces, err := metav1.LabelSelectorAsSelector(webhook.NamespaceSelector)
		if err != nil {
			return false, err
		}
		objects, err := metav1.LabelSelectorAsSelector(webhook.ObjectSelector)
		if err != nil {
			return false, err
		}
		if namespaces.Matches(labels.Set(namespaceLabels)) && objects.Matches(labels.Set(pod.Labels)) {
			return true, nil
		}
	}
	return false, nil
}

// inject is istiod's part (pkg/kube/inject:IntoObject, and with it injectRequired); nil where it declines.
func (c *chart) inject(w *world, pod *corev1.Pod) (*corev1.Pod, error) {
	declined := false
	object, err := inject.IntoObject(nil, c.templates, c.values, w.revision, w.mesh, pod, func(string) { declined = true })
	if err != nil {
		return nil, fmt.Errorf("pod %s: %w", nameOf(pod), err)
	}
	if declined {
		return nil, nil
	}
	return object.(*corev1.Pod), nil
}

// chart is what istio-discovery installs for one revision, as far as injection goes.
type chart struct {
	webhooks  []admissionv1.MutatingWebhook
	templates inject.Templates
	values    inject.ValuesConfig
}

func chartOf(revision string) (*chart, error) {
	once, _ := charts.LoadOrStore(revision, sync.OnceValues(func() (*chart, error) { return renderedChart(revision) }))
	return once.(func() (*chart, error))()
}

var charts sync.Map

func (c *chart) read(kind string, content []byte) error {
	switch kind {
	case "MutatingWebhookConfiguration":
		var configuration admissionv1.MutatingWebhookConfiguration
		if err := json.Unmarshal(content, &configuration); err != nil {
			return err
		}
		c.webhooks = append(c.webhooks, configuration.Webhooks...)
	case "ConfigMap":
		var configMap corev1.ConfigMap
		if err := json.Unmarshal(content, &configMap); err != nil {
			return err
		}
		config, isInjector := configMap.Data["config"]
		if !isInjector {
			return nil
		}
		parsed, err := inject.UnmarshalConfig([]byte(config))
		if err != nil {
			return err
		}
		if c.templates, err = inject.ParseTemplates(parsed.RawTemplates); err != nil {
			return err
		}
		c.values, err = inject.NewValuesConfig(configMap.Data["values"])
		return err
	}
	return nil
}
