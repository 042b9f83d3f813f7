import type {Permit} from '../model/authorization.ts'
import type {IstioObject} from '../model/policy.ts'
import type {Rule, Source} from './authorization-rules.ts'

/** A rule of an AuthorizationPolicy in words that people can compare with what they wrote. */
export function permitFrom(rule: Rule, {kind, namespace, name, file, line}: IstioObject): Permit {
  return {
    from: (rule.from ?? []).flatMap(({source}) => sourceWords(source ?? {})),
    to: (rule.to ?? []).map(({operation}) => operationWords(operation ?? {})).filter((each) => each !== ''),
    when: (rule.when ?? []).map(conditionWords),
    policy: {kind, namespace, name, ...(file === undefined ? {} : {file, line})},
  }
}

/** Fields of a source are demanded all at once, the values of one are alternatives. */
function sourceWords(source: Source): string[] {
  const fields = Object.entries(sourcePrefix).flatMap(([field, prefix]) => {
    const values = source[field as keyof Source] ?? []
    return values.length === 0 ? [] : [values.map((value) => `${prefix}${value}`)]
  })
  const [only, ...more] = fields
  if (only !== undefined && more.length === 0) return only
  const all = fields.map((values) => values.join(' or ')).join(' and ')
  return all === '' ? [] : [all]
}

const sourcePrefix: Record<keyof Source, string> = {
  principals: '',
  notPrincipals: 'not ',
  namespaces: 'namespace ',
  notNamespaces: 'not namespace ',
  serviceAccounts: 'service account ',
  notServiceAccounts: 'not service account ',
  trustDomains: 'trust domain ',
  notTrustDomains: 'not trust domain ',
  requestPrincipals: 'token ',
  notRequestPrincipals: 'not token ',
  ipBlocks: 'address ',
  notIpBlocks: 'not address ',
  remoteIpBlocks: 'remote address ',
  notRemoteIpBlocks: 'not remote address ',
}

function operationWords(operation: Record<string, string[]>): string {
  const words = Object.entries(operationPrefix).flatMap(([field, prefix]) => {
    const values = operation[field] ?? []
    return values.length === 0 ? [] : [`${prefix}${values.join(' or ')}`]
  })
  return words.join(' ')
}

const operationPrefix: Record<string, string> = {
  methods: '',
  notMethods: 'not ',
  paths: '',
  notPaths: 'not ',
  hosts: 'host ',
  notHosts: 'not host ',
  ports: 'port ',
  notPorts: 'not port ',
}

function conditionWords({key = '', values = [], notValues = []}: NonNullable<Rule['when']>[number]): string {
  const parts = [values.length > 0 ? `is ${values.join(' or ')}` : '', notValues.length > 0 ? `is not ${notValues.join(' nor ')}` : '']
  return `${key} ${parts.filter((part) => part !== '').join(' and ')}`.trim()
}
