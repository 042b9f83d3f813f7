import {execFileSync} from 'node:child_process'
import {readFileSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {parse, stringify} from 'yaml'
import type {Bed} from '../../testbed/bed.ts'

/** An account that holds these roles of rbac/ and nothing else: the bed with its kubeconfig in place of the administrator's. */
export function asAccount(bed: Bed, files: string[], everywhere: string[], inIstioSystem: string[]): Bed {
  const kubectl = (args: string[], input?: string) =>
    execFileSync(`${bed.bin}/kubectl`, ['--kubeconfig', bed.kubeconfig, ...args], {encoding: 'utf8', ...(input && {input})}).trim()
  for (const file of files) kubectl(['apply', '-f', join('rbac', file)])
  const subjects = 'subjects: [{kind: ServiceAccount, name: upgrader, namespace: ci}]'
  const bound = (kind: string, role: string, place: string) =>
    `apiVersion: rbac.authorization.k8s.io/v1\nkind: ${kind}\nmetadata: {name: ${role}${place}}\nroleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: ${role}}\n${subjects}`
  const objects = [
    ...['ci', 'istio-system'].map((name) => `apiVersion: v1\nkind: Namespace\nmetadata: {name: ${name}}`),
    'apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: upgrader, namespace: ci}',
    ...everywhere.map((role) => bound('ClusterRoleBinding', role, '')),
    ...inIstioSystem.map((role) => bound('RoleBinding', role, ', namespace: istio-system')),
  ]
  kubectl(['apply', '-f', '-'], objects.join('\n---\n'))
  const {clusters} = parse(readFileSync(bed.kubeconfig, 'utf8'))
  const path = join(bed.runDir, 'upgrader.kubeconfig')
  const config = {
    ...{apiVersion: 'v1', kind: 'Config', clusters, 'current-context': 'role'},
    users: [{name: 'upgrader', user: {token: kubectl(['-n', 'ci', 'create', 'token', 'upgrader'])}}],
    contexts: [{name: 'role', context: {cluster: clusters[0].name, user: 'upgrader'}}],
  }
  writeFileSync(path, stringify(config), {mode: 0o600})
  return {...bed, kubeconfig: path}
}
