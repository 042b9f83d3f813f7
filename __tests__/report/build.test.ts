import {read} from '../../src/model/part.ts'
import {buildReport} from '../../src/report/build.ts'
import {inputs, row, snapshot, stages} from './samples.ts'

const {mesh} = snapshot()
const twoMeshes = read(
  (mesh.read ? mesh.value : []).flatMap((one) => [one, {...one, revision: 'b', namespace: 'mesh-b', rootNamespace: 'mesh-root'}]),
)

test.each<[string, string[], string[], string]>([
  ['the whole mesh', ['*'], [], '`istio-system`, `mesh-root`, `mesh-b`'],
  ['one was left out by the user', ['*'], ['mesh-b'], '`istio-system`, `mesh-root`'],
  ['one is named, so it is judged', ['*', 'mesh-root'], [], '`istio-system`, `mesh-b`'],
  ['one glob', ['mesh-*'], [], '`mesh-root`, `mesh-b`'],
  ['one namespace', ['shop'], [], ''],
])('the namespaces that the control plane takes out of the scope are named: %s', (_, namespaces, excludeNamespaces, names) => {
  const {notes} = buildReport({
    inputs: inputs({namespaces, excludeNamespaces}),
    snapshot: snapshot({mesh: twoMeshes}),
    ...{endpoints: [row('shop', 'cart', 80)], results: [], stages, notes: []},
  })
  const note = `Namespaces of the control plane, judged by their own checks and not as workloads: ${names}.`
  expect(notes.filter((each) => each.startsWith('Namespaces of the control plane'))).toEqual(names === '' ? [] : [note])
})
