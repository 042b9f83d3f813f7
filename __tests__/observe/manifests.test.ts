import {endpoints} from '../../src/derive/endpoints.ts'
import {Failure} from '../../src/model/failure.ts'
import {snapshotFromManifests} from '../../src/observe/manifests.ts'
import {fakeIo} from '../helpers/fake-io.ts'
import {asked, fixture} from '../helpers/fixture.ts'
import {found} from '../helpers/found.ts'

const namespace = 'apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {istio-injection: enabled}}\n'
const strict =
  'apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: {name: default, namespace: istio-system}\nspec: {mtls: {mode: STRICT}}\n'
const cart = `apiVersion: apps/v1
kind: Deployment
metadata: {name: cart, namespace: shop}
spec:
  selector: {matchLabels: {app: cart}}
  template:
    metadata: {labels: {app: cart}}
    spec: {containers: [{name: app, image: cart, ports: [{containerPort: 8080}]}]}
`
const read = (files: Record<string, string>, paths: string[] = Object.keys(files)) => snapshotFromManifests(paths, asked, fakeIo({files}))

async function refusal(files: Record<string, string>, paths?: string[]): Promise<Failure> {
  const thrown = await read(files, paths).catch((error: unknown) => error)
  if (!(thrown instanceof Failure)) throw new Error(`no Failure, but ${JSON.stringify(thrown)}`)
  return thrown
}

test('a template is judged by the pod Istio would create, with the webhooks of a default install', async () => {
  const {snapshot, warnings} = await read({'all.yaml': [namespace, strict, cart].join('---\n')})
  expect(warnings).toEqual([])
  expect(endpoints(snapshot).map(({workload, port, dataPlane, mode, verdict}) => [workload.name, port, dataPlane, mode, verdict])).toEqual([
    ['cart', 8080, 'sidecar', 'STRICT', 'configured'],
    ['cart', 15090, 'sidecar', 'NONE', 'exempt'],
    ['cart', null, 'sidecar', 'STRICT', 'configured'],
  ])
  expect(found(snapshot)).toEqual([])
})

test('a cluster is not asked for: checks of a running control plane are skipped, live proof is not demanded', async () => {
  const {snapshot} = await read({'all.yaml': cart})
  expect(snapshot.asked).toMatchObject({manifests: true, probes: false, require: 'configured'})
  expect(snapshot.probes.read).toBe(false)
})

test('findings carry file and line', async () => {
  const open = strict.replace('STRICT', 'PERMISSIVE')
  const {snapshot} = await read({'shop.yaml': `${namespace}---\n${cart}`, 'mesh.yaml': `# the mesh\n${open}`})
  expect(snapshot.policies).toMatchObject({read: true, value: [{name: 'default', file: 'mesh.yaml', line: 2}]})
  expect(endpoints(snapshot)[0]).toMatchObject({file: 'shop.yaml', line: 5, decidedBy: {file: 'mesh.yaml', line: 2}})
})

test('a Namespace that nobody wrote is not enrolled, and that is said', async () => {
  const {snapshot} = await read({'all.yaml': `${strict}---\n${cart}`})
  expect(found(snapshot)).toEqual(['M201 Namespace shop'])
})

test('a bare Pod is a workload of kind Pod', async () => {
  const pod = 'apiVersion: v1\nkind: Pod\nmetadata: {name: once, namespace: shop}\nspec: {containers: [{name: app, image: x}]}\n'
  const {snapshot} = await read({'all.yaml': [namespace, strict, pod].join('---\n')})
  const undeclared = endpoints(snapshot).filter(({port}) => port === null)
  expect(undeclared.map(({workload, dataPlane}) => [workload.kind, workload.name, dataPlane])).toEqual([['Pod', 'once', 'sidecar']])
})

test('the mesh configuration among the manifests counts: another root namespace', async () => {
  const config =
    'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: istio, namespace: istio-system}\ndata: {mesh: "rootNamespace: config"}\n'
  const {snapshot} = await read({'all.yaml': [namespace, strict, config, cart].join('---\n')})
  expect(found(snapshot)).toEqual(['M301 PeerAuthentication config/default'])
})

test('of two objects of one name the later counts, with a warning', async () => {
  const {snapshot, warnings} = await read({'a.yaml': strict, 'b.yaml': strict.replace('STRICT', 'DISABLE')})
  expect(snapshot.policies).toMatchObject({value: [{mode: 'DISABLE', file: 'b.yaml'}]})
  expect(warnings).toEqual([
    {file: 'b.yaml', line: 1, message: 'PeerAuthentication `default` is written a second time (first in a.yaml, line 1): this one counts'},
  ])
})

test('a saved snapshot is judged again, with its evidence, for what is asked now', async () => {
  const {snapshot: saved} = fixture(`${import.meta.dirname}/../fixtures/checks/m802-plaintext-refused.yaml`)
  const again = await snapshotFromManifests(['s.json'], {...asked, require: 'proven'}, fakeIo({files: {'s.json': JSON.stringify(saved)}}))
  expect(again.snapshot.asked).toMatchObject({probes: true, require: 'proven', manifests: false})
  expect(found(again.snapshot)).toEqual(found(saved))
  expect(endpoints(again.snapshot)).toEqual(endpoints({...saved, asked: again.snapshot.asked}))
})

test('a part that a saved snapshot does not hold is unread, never empty', async () => {
  const {policies: _, ...rest} = fixture(`${import.meta.dirname}/../fixtures/checks/m301-mesh-strict.yaml`).snapshot
  const {snapshot} = await read({'s.json': JSON.stringify(rest)})
  expect(snapshot.policies).toEqual({read: false, reason: 'the saved snapshot does not hold it'})
})

test.each([
  [
    'a snapshot of another version',
    {'s.json': '{"version": 2, "takenAt": "2026-01-01T00:00:00Z", "asked": {}}'},
    undefined,
    'snapshot-version',
  ],
  [
    'a snapshot beside manifests',
    {'a.yaml': strict, 's.json': '{"version": 1, "takenAt": "2026-01-01T00:00:00Z", "asked": {}}'},
    undefined,
    'from-mixed',
  ],
  ['a path that is not there', {'a.yaml': strict}, ['b.yaml'], 'from-not-found'],
  ['files without any object', {'a.yaml': '# nothing\n'}, undefined, 'from-empty'],
  ['a template that was not rendered', {'a.yaml': 'kind: X\n{{- if .Values.a }}\n'}, undefined, 'manifest-is-a-template'],
  ['what is no YAML', {'a.yaml': 'a: [\n'}, undefined, 'manifest-unreadable'],
])('%s stops the run', async (_, files, paths, entry) => {
  expect(await refusal(files as Record<string, string>, paths)).toMatchObject({entry, cure: expect.stringMatching(/\.$/)})
})
