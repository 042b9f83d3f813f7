import {readFileSync} from 'node:fs'
import {parseAllDocuments} from 'yaml'
import {policyKinds} from '../../src/derive/policy-kinds.ts'
import {type Permission, permissionsFor} from '../../src/install/permissions.ts'
import type {ReleasePlan} from '../../src/install/release-plan.ts'

interface Rule {
  apiGroups: string[]
  resources: string[]
  verbs: string[]
}

const rulesOf = (file: string) =>
  Object.fromEntries(
    parseAllDocuments(readFileSync(`${import.meta.dirname}/../../rbac/${file}`, 'utf8')).map((document) => {
      const {metadata, rules} = document.toJS() as {metadata: {name: string}; rules: Rule[]}
      return [metadata.name, rules]
    }),
  )
const enforce = rulesOf('enforce.yaml')
const everywhere = enforce['istio-mtls-enforce'] ?? []
const inIstioSystem = enforce['istio-mtls-enforce-istio-system'] ?? []

function isGranted(rules: Rule[], group: string, resource: string, verb: string): boolean {
  const has = (list: string[], one: string) => list.includes(one) || list.includes('*')
  return rules.some(({apiGroups, resources, verbs}) => apiGroups.includes(group) && has(resources, resource) && has(verbs, verb))
}

const release: ReleasePlan = {
  ...{
    chart: 'base',
    name: 'istio-base',
    namespace: 'istio-system',
    helmRevision: 0,
    status: '',
    mark: null,
    adopt: false,
    repair: '',
    good: 0,
    present: false,
  },
}
const ambient = rulesOf('ambient.yaml')
const fresh = permissionsFor(
  {do: 'apply', releases: [release, {...release, chart: 'istiod', name: 'istiod'}], problems: [], notes: []},
  false,
)

test.each(fresh.map((one): [string, Permission] => [`${one.group}/${one.resource} in ${one.namespace || 'the cluster'}`, one]))(
  'the role grants what an install asks for: %s',
  (_, {group, resource, verbs, namespace}) => {
    const rules = namespace === '' ? everywhere : [...everywhere, ...inIstioSystem]
    expect(verbs.filter((verb) => !isGranted(rules, group, resource, verb))).toEqual([])
  },
)

const agents = permissionsFor(
  {
    ...{do: 'apply', problems: [], notes: []},
    releases: [
      release,
      {...release, chart: 'istiod', name: 'istiod'},
      {...release, chart: 'cni', name: 'istio-cni'},
      {...release, chart: 'ztunnel', name: 'ztunnel'},
    ],
  },
  false,
).filter(({resource}) => resource === 'daemonsets')

test('the role for ambient grants what the agents take, beside `enforce`', () => {
  expect(agents.map(({namespace}) => namespace)).toEqual(['istio-system'])
  const rules = [...everywhere, ...inIstioSystem, ...(ambient['istio-mtls-ambient-agents'] ?? [])]
  const missing = agents.flatMap(({group, resource, verbs}) => verbs.filter((verb) => !isGranted(rules, group, resource, verb)))
  expect(missing).toEqual([])
})

test('the role for enrolling writes labels and templates, and nothing else', () => {
  const rules = rulesOf('enroll.yaml')['istio-mtls-enroll'] ?? []
  const writes = rules.flatMap(({resources, verbs}) => (verbs.includes('patch') ? resources : []))
  expect(writes).toEqual(['namespaces', 'deployments', 'statefulsets', 'daemonsets'])
  expect(new Set(rules.flatMap(({verbs}) => verbs))).toEqual(new Set(['get', 'list', 'patch']))
})

test('the role grants all that the role `read` grants', () => {
  const missing = (rulesOf('read.yaml')['istio-mtls-read'] ?? []).flatMap(({apiGroups, resources, verbs}) =>
    apiGroups.flatMap((group) =>
      resources.flatMap((resource) =>
        verbs.filter((verb) => !isGranted(everywhere, group, resource, verb)).map((verb) => [resource, verb]),
      ),
    ),
  )
  expect(missing).toEqual([])
})

test('no rule opens more than it names: Secrets are written in istio-system alone, no pod is entered, no right escalated', () => {
  for (const verb of ['create', 'update', 'patch', 'delete']) expect(isGranted(everywhere, '', 'secrets', verb)).toBe(false)
  const all = [...everywhere, ...inIstioSystem]
  expect(all.filter(({apiGroups}) => apiGroups.includes('*'))).toEqual([])
  const wide = all.filter(({resources, verbs}) => resources.includes('*') && verbs.some((verb) => !['get', 'list', 'watch'].includes(verb)))
  expect(wide).toEqual([])
  const verbs = new Set(all.flatMap((rule) => rule.verbs))
  expect(['escalate', 'bind', 'impersonate', 'deletecollection'].filter((verb) => verbs.has(verb))).toEqual([])
  const resources = new Set(all.flatMap((rule) => rule.resources))
  expect(['pods/exec', 'pods/proxy', 'pods/portforward', 'serviceaccounts/token'].filter((one) => resources.has(one))).toEqual([])
})

test.each(Object.entries(policyKinds))(
  'the role grants what `policies` does with %s: read it, try it, write it',
  (_, {group, resource}) => {
    expect(['get', 'list', 'create', 'patch'].filter((verb) => !isGranted(everywhere, group, resource, verb))).toEqual([])
  },
)

test.each([
  ['', 'namespaces', ['get', 'list', 'patch']],
  ['apps', 'deployments', ['get', 'patch']],
  ['apps', 'statefulsets', ['get', 'patch']],
  ['apps', 'daemonsets', ['get', 'patch']],
  ['policy', 'poddisruptionbudgets', ['list']],
])('the role `enroll` grants, beside `enforce`, what a restart needs: %s/%s', (group, resource, verbs) => {
  const rules = [...everywhere, ...(rulesOf('enroll.yaml')['istio-mtls-enroll'] ?? [])]
  expect(verbs.filter((verb) => !isGranted(rules, group, resource, verb))).toEqual([])
})
