import type {KubeObject} from '../io/io.ts'
import type {IstioObject} from '../model/policy.ts'
import {metaFrom} from './project-meta.ts'
import {type Fields, fieldsOf, isFields, listOf, textOf} from './untrusted.ts'

/**
 * Any Istio object with its spec. An EnvoyFilter keeps what it touches: the keys of its patches, and of their values only names,
 * types, numbers and flags (Lua code and header values may hold secrets). A RequestAuthentication's inline keys are left out, and the
 * values that an AuthorizationPolicy's conditions compare headers with are masked (they may be API keys).
 */
export function istioObjectFrom(object: KubeObject, kind: string = object.kind): IstioObject {
  const spec = fieldsOf(object['spec'])
  return {...metaFrom(object), kind, spec: reductions[kind]?.(spec) ?? spec}
}

const reductions: Record<string, (spec: Fields) => Fields> = {
  AuthorizationPolicy: (spec) => (Array.isArray(spec['rules']) ? {...spec, rules: spec['rules'].map(ruleFrom)} : spec),
  EnvoyFilter: (spec) => ({...spec, configPatches: listOf(spec['configPatches']).map(patchFrom)}),
  RequestAuthentication: (spec) => ({
    ...spec,
    jwtRules: listOf(spec['jwtRules']).map(({jwks, ...rule}) => (jwks ? {...rule, jwks: '(inline)'} : rule)),
  }),
}

function ruleFrom(rule: unknown): unknown {
  return isFields(rule) && Array.isArray(rule['when']) ? {...rule, when: rule['when'].map(conditionFrom)} : rule
}

function conditionFrom(condition: unknown): unknown {
  if (!isFields(condition) || !textOf(condition['key']).startsWith('request.headers')) return condition
  const masked = ['values', 'notValues'].filter((name) => condition[name] !== undefined)
  return {...condition, ...Object.fromEntries(masked.map((name) => [name, listed(condition[name]).map(() => '(masked)')]))}
}

function listed(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [value]
}

function patchFrom(configPatch: Fields): Fields {
  const patch = fieldsOf(configPatch['patch'])
  const {operation, filterClass} = patch
  return {
    applyTo: textOf(configPatch['applyTo']),
    match: fieldsOf(configPatch['match']),
    patch: {operation, ...(filterClass !== undefined && {filterClass}), value: outlineOf(patch['value'], '', 0)},
  }
}

function outlineOf(value: unknown, key: string, depth: number): unknown {
  if (depth > deepest) return null
  if (Array.isArray(value)) return value.map((each) => outlineOf(each, key, depth + 1))
  if (isFields(value)) return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, outlineOf(each, name, depth + 1)]))
  if (typeof value === 'string') return key === 'name' || key === '@type' ? value : ''
  return value ?? null
}

const deepest = 12
