import {check, finding, type PartialFinding} from '../model/check.ts'
import type {Webhook} from '../model/mesh.ts'
import type {Namespace, Template} from '../model/workload.ts'
import {patchTemplate} from './fix.ts'
import {namespacesInScope} from './in-scope.ts'
import {refOf} from './subject.ts'

/** The labels for injection, revision and ambient do not contradict each other, and name what exists (rules 28, 29, 31). */
export const labelsAgree = check({
  code: 'M203',
  slug: 'm203-labels-agree',
  severity: 'warning',
  needs: ['mesh', 'controlPlane', 'namespaces', 'templates'],
  title: 'The enrolment labels agree',
  failure: 'Enrolment labels contradict each other',
  why: 'Where two labels disagree one of them silently wins, and seldom the one that its author had in mind.',
  hint: 'Keep one way of enrolment per namespace: `istio-injection`, or `istio.io/rev`, or `istio.io/dataplane-mode`.',
  run({mesh, controlPlane, namespaces, templates}, {asked}) {
    const revisions = knownRevisions(controlPlane.webhooks)
    const ofNamespace = Map.groupBy(templates, (template) => template.namespace)
    return namespacesInScope(namespaces, asked, mesh).flatMap((namespace) => [
      ...namespaceFaults(namespace, revisions),
      ...(ofNamespace.get(namespace.name) ?? []).flatMap((template) => templateFaults(template, namespace, revisions)),
    ])
  },
})

function namespaceFaults(namespace: Namespace, revisions: Set<string>): PartialFinding[] {
  const {name, labels} = namespace
  const subject = refOf('Namespace', namespace)
  const injection = labels['istio-injection']
  const rev = labels['istio.io/rev']
  const ambient = labels['istio.io/dataplane-mode'] === 'ambient'
  const relabel = (change: string) => `kubectl label namespace ${name} ${change} --overwrite`
  if (injection !== undefined && injection !== 'enabled' && injection !== 'disabled') {
    return [
      finding(subject, `\`istio-injection: ${injection}\` injects nothing: only \`enabled\` does`, {
        fix: relabel('istio-injection=enabled'),
      }),
    ]
  }
  if (injection !== undefined && rev !== undefined) {
    const says = injection === 'enabled' ? 'the default revision injects' : 'nothing is injected'
    return [
      finding(subject, `\`istio-injection: ${injection}\` shuts out \`istio.io/rev: ${rev}\`: ${says}`, {fix: relabel('istio-injection-')}),
    ]
  }
  if (ambient && (injection === 'enabled' || rev !== undefined)) {
    return [
      finding(subject, 'is labelled for sidecars and for ambient: pods get a sidecar, and ambient leaves them out', {
        fix: relabel('istio.io/dataplane-mode-'),
      }),
    ]
  }
  if (rev !== undefined && revisions.size > 0 && !revisions.has(rev)) {
    return [
      finding(
        subject,
        `\`istio.io/rev: ${rev}\` names no revision or tag that is installed (${[...revisions].sort().join(', ')}): nothing is injected`,
        {fix: relabel(`istio.io/rev=${[...revisions].sort()[0]}`)},
      ),
    ]
  }
  return []
}

function templateFaults(template: Template, {labels: namespaceLabels}: Namespace, revisions: Set<string>): PartialFinding[] {
  const {labels, annotations} = template.pod
  const subject = refOf(template.kind, template)
  const label = labels['sidecar.istio.io/inject']
  const annotation = annotations['sidecar.istio.io/inject']
  const drop = (kindOf: 'labels' | 'annotations', name: string) => {
    const {namespace, kind, name: workload} = template
    return patchTemplate({namespace, workload: {kind, name: workload}}, {metadata: {[kindOf]: {[name]: null}}})
  }
  if (label !== undefined && label !== 'true' && label !== 'false') {
    return [
      finding(subject, `label \`sidecar.istio.io/inject: ${label}\` means nothing: only "true" and "false" count`, {
        fix: drop('labels', 'sidecar.istio.io/inject'),
      }),
    ]
  }
  if (label !== undefined && annotation !== undefined && label !== annotation) {
    return [
      finding(subject, `label says \`sidecar.istio.io/inject: ${label}\`, annotation says ${annotation}: the label wins`, {
        fix: drop('annotations', 'sidecar.istio.io/inject'),
      }),
    ]
  }
  if (label === 'true' && labels['istio.io/dataplane-mode'] === 'ambient') {
    return [finding(subject, 'is labelled for a sidecar and for ambient', {fix: drop('labels', 'istio.io/dataplane-mode')})]
  }
  const isUnlabelled = namespaceLabels['istio-injection'] === undefined && namespaceLabels['istio.io/rev'] === undefined
  if (annotation === 'true' && label === undefined && isUnlabelled && namespaceLabels['istio.io/dataplane-mode'] === undefined) {
    return [
      finding(
        subject,
        'annotation `sidecar.istio.io/inject: "true"` does nothing in a namespace without a label: no webhook sees annotations',
        {fix: `kubectl label namespace ${template.namespace} istio-injection=enabled`},
      ),
    ]
  }
  if (label === 'true' && namespaceLabels['istio-injection'] === 'disabled') {
    return [
      finding(subject, 'asks for a sidecar in a namespace with `istio-injection: disabled`: the namespace wins', {
        fix: `kubectl label namespace ${template.namespace} istio-injection-`,
      }),
    ]
  }
  const rev = labels['istio.io/rev']
  if (rev !== undefined && revisions.size > 0 && !revisions.has(rev)) {
    return [
      finding(subject, `pod label \`istio.io/rev: ${rev}\` names no revision or tag that is installed`, {
        fix: drop('labels', 'istio.io/rev'),
      }),
    ]
  }
  return []
}

function knownRevisions(webhooks: Webhook[]): Set<string> {
  return new Set(
    webhooks
      .filter(({type}) => type === 'mutating')
      .flatMap(({revision, tag}) => [revision, tag])
      .filter(Boolean),
  )
}
