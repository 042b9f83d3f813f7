import {parse} from 'yaml'
import type {Inputs} from '../model/inputs.ts'
import type {Found} from './found.ts'

/** What decides which webhook configurations a release holds: names by the revision, and values that leave them to others. */
export type WebhookWish = Pick<Inputs, 'revision'> & Partial<Pick<Inputs, 'values' | 'baseValues'>>

/**
 * True when the webhook configurations that a release holds are really there. An uninstall that was killed has taken them first: helm believes in
 * them still, while new pods get no proxy (istio-discovery/templates/mutatingwebhook.yaml and validatingwebhookconfiguration.yaml;
 * base/templates/defaultrevision-validatingwebhookconfiguration.yaml).
 */
export function hasConfigurations(chart: 'base' | 'istiod', wish: WebhookWish, {configurations}: Pick<Found, 'configurations'>): boolean {
  const wanted = chart === 'base' ? ofBase(wish) : ofIstiod(wish)
  return wanted.every((each) => configurations.includes(each))
}

function ofBase({baseValues = ''}: WebhookWish): string[] {
  const {defaultRevision, global} = valuesIn(baseValues)
  return defaultRevision === '' || isNarrow(global) ? [] : ['ValidatingWebhookConfiguration/istiod-default-validator']
}

function ofIstiod({revision, values = ''}: WebhookWish): string[] {
  const suffix = revision === '' || revision === 'default' ? '' : `-${revision}`
  const {global} = valuesIn(values)
  if (isNarrow(global)) return []
  return [
    ...(global?.operatorManageWebhooks ? [] : [`MutatingWebhookConfiguration/istio-sidecar-injector${suffix}`]),
    // As the charts' `if` has it: null, 0 and '' are no, too.
    ...(global?.configValidation !== undefined && !global.configValidation
      ? []
      : [`ValidatingWebhookConfiguration/istio-validator${suffix}-istio-system`]),
  ]
}

interface Written {
  defaultRevision?: unknown
  global?: {operatorManageWebhooks?: unknown; configValidation?: unknown; resourceScope?: unknown} | null
}

/** The charts then make only what lies in a namespace. */
function isNarrow(global: Written['global']): boolean {
  return global?.resourceScope === 'namespace'
}

function valuesIn(text: string): Written {
  return ((text === '' ? null : parse(text)) ?? {}) as Written
}
