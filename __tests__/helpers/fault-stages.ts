import type {Fault, FaultKind} from './fault-proxy.ts'

/** Where a fault strikes: which requests belong to a stage, and the inputs of a run that comes through it. */
export interface FaultStage {
  name: string
  mode: 'enforce' | 'validate' | 'plan'
  on: Fault['on']
}

const helm = ({agent}: {agent: string}) => agent.startsWith('Helm/')

/** The stages of a run by the requests that only they send. */
export const faultStages: FaultStage[] = [
  {name: 'connect', mode: 'validate', on: ({path}) => path.startsWith('/version')},
  {name: 'observe: workloads', mode: 'validate', on: ({path}) => /\/(pods|replicasets|services|endpointslices)(\?|$)/.test(path)},
  {name: 'observe: policies', mode: 'validate', on: ({path}) => /istio\.io\/v1\/\w+(\?|$)/.test(path)},
  {name: 'probes', mode: 'validate', on: ({path}) => path.includes('/proxy')},
  {name: 'delivered', mode: 'validate', on: ({path}) => path.includes('/portforward')},
  {name: 'everything', mode: 'validate', on: () => true},
  {name: 'plan', mode: 'plan', on: () => true},
  {name: 'lock', mode: 'enforce', on: ({path}) => path.includes('/leases')},
  {
    name: 'install: preflight',
    mode: 'enforce',
    on: (request) => !helm(request) && /customresourcedefinitions|\/secrets|selfsubjectaccessreviews/.test(request.path),
  },
  {name: 'install: helm', mode: 'enforce', on: helm},
  {name: 'enroll', mode: 'enforce', on: ({path}) => /\/namespaces(\?|$)/.test(path)},
  {name: 'policies', mode: 'enforce', on: ({path}) => path.includes('/authorizationpolicies')},
  {
    name: 'enforce',
    mode: 'enforce',
    on: ({method, path}) => path.includes('/peerauthentications') && (method === 'PATCH' || path.includes('limit')),
  },
]

/** Every way in which an answer is spoilt. */
export const faultKinds: FaultKind[] = [
  'latency',
  'reset',
  'reset mid-body',
  'half-closed',
  'truncated',
  'login page',
  '429',
  '500',
  '503',
  '410 on continue',
  'watch cut',
  'hang',
  'slow drip',
]

/** Twice for each path, or for good. */
export const faultTimes: [string, number][] = [
  ['twice', 2],
  ['always', Number.POSITIVE_INFINITY],
]
