import {expect, test} from '@jest/globals'
import type {KubeObject} from '../../src/io/io.ts'
import {type MessageName, messages} from '../../src/io/kube-messages.ts'
import {read} from '../../src/model/part.ts'
import {readListedParts} from '../../src/observe/listed-parts.ts'
import type {Reader} from '../../src/observe/reads.ts'
import {readWorkloads} from '../../src/observe/workload-reads.ts'

// A field that a projection reads and kube-messages.ts does not declare would be absent from every protobuf list, without a word.

test.each(['istio-ca-root-cert', 'istio-proxy', 'discovery'])(
  'projections read declared fields only (objects named `%s`)',
  async (name) => {
    const undeclared = new Set<string>()
    const kinds = new Set<string>()
    const reader: Reader = {
      async list(what, project) {
        if (what.kind === undefined) return read([])
        kinds.add(what.kind)
        const value = project(recorder(what.kind, name, undeclared) as unknown as KubeObject)
        return read(value === null ? [] : [value])
      },
      listIn: async () => read([]),
      part: async (_what, _rule, body) => read(await body()),
    }
    await readWorkloads(reader)
    await readListedParts(reader)
    expect([...kinds].sort()).toEqual(
      ['ConfigMap', 'CronJob', 'DaemonSet', 'Deployment', 'Job', 'Namespace', 'Pod', 'ReplicaSet', 'Service', 'StatefulSet'].sort(),
    )
    expect([...undeclared].filter((field) => !notInThatMessage.has(field))).toEqual([])
  },
)

test('the recorder tells of a field that is read and not declared', () => {
  const undeclared = new Set<string>()
  const pod = recorder('Pod', 'a', undeclared) as {spec: {containers: {volumeMounts: unknown}[]}}
  expect(pod.spec.containers[0]?.volumeMounts).toBeUndefined()
  expect([...undeclared]).toEqual(['Container.volumeMounts'])
})

/** What one projection asks of several messages, and these do not have in Kubernetes' own files either. */
const notInThatMessage = new Set([
  ...['apiVersion', 'kind', 'file', 'line'].flatMap((field) => Object.keys(messages).map((message) => `${message}.${field}`)),
  ...['grpc', 'periodSeconds', 'failureThreshold'].map((field) => `LifecycleHandler.${field}`),
  ...['Deployment', 'StatefulSet', 'ReplicaSet'].map((kind) => `${kind}Status.ready`),
  ...['JobSpec.replicas', 'CronJobSpec.replicas', 'CronJobSpec.selector', 'CronJob.status', 'JobStatus.readyReplicas'],
])

/** An object of that message with every declared field; reading any other is noted as `Message.field`. */
function recorder(message: MessageName, name: string, undeclared: Set<string>): object {
  const fields = new Map<string, unknown>()
  const add = (of: MessageName) => {
    for (const text of Object.values<string>(messages[of])) {
      const [field = '', type = ''] = text.split(' ')
      if (field === '.') add(type as MessageName)
      else fields.set(field, declaredValue(field, type, name, undeclared))
    }
  }
  add(message)
  return new Proxy(Object.fromEntries(fields), {
    get(target, field) {
      if (typeof field === 'string' && !(field in target) && field !== 'toJSON') undeclared.add(`${message}.${field}`)
      return Reflect.get(target, field)
    },
  })
}

function declaredValue(field: string, type: string, name: string, undeclared: Set<string>): unknown {
  if (type.endsWith('[]')) return [declaredValue(field, type.slice(0, -2), name, undeclared)]
  const scalars: Record<string, unknown> = {
    string: field === 'name' ? name : 'text',
    int: 7,
    bool: true,
    map: {app: 'istiod', 'root-cert.pem': 'text'},
    Time: '2026-11-22T18:00:00Z',
    IntOrString: 8080,
  }
  return scalars[type] ?? recorder(type as MessageName, name, undeclared)
}
