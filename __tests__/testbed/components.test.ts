import {describe, expect, test} from '@jest/globals'
import {parse} from 'yaml'
import {addressesOf} from '../../testbed/addresses.ts'
import {inOrder} from '../../testbed/component.ts'
import {componentsOf} from '../../testbed/components/all.ts'
import type {Plan} from '../../testbed/components/plan.ts'
import {systemObjects} from '../../testbed/components/system-objects.ts'
import {runDirOf} from '../../testbed/paths.ts'

describe('the components of a bed', () => {
  test('start in an order in which the API server waits for etcd, and DNS for everything it proves', () => {
    const names = inOrder(componentsOf(planOf(1))).map(({name}) => name)
    expect(names.indexOf('etcd')).toBeLessThan(names.indexOf('kube-apiserver'))
    expect(names.indexOf('containerd')).toBeLessThan(names.indexOf('kubelet'))
    expect(names.at(-1)).toBe('coredns')
  })

  test('of one bed name no address, folder or cgroup of another', () => {
    const text = textOf(1)
    expect(text).toContain('10.101.0.2')
    expect(text).not.toMatch(/10\.1(?!01\.)\d\d\./)
    expect(text).not.toMatch(/bed-(?!1\b)\d/)
  })

  test('differ between two beds in nothing but the bed', () => {
    expect(textOf(2).replaceAll('10.102.', '10.101.').replaceAll('bed-2', 'bed-1').replaceAll('"number":2', '"number":1')).toBe(textOf(1))
  })

  test('kubelet keeps to the cgroup of its bed and asks the DNS of its bed', () => {
    const files = componentsOf(planOf(3)).find(({name}) => name === 'kubelet')?.files ?? {}
    const config = parse(files[`${runDirOf(3)}/kubelet.yaml`] as string)
    expect(config).toMatchObject({
      cgroupRoot: '/istio-mtls-bed-3',
      clusterDNS: ['10.103.32.10'],
      failCgroupV1: false,
      enforceNodeAllocatable: [],
    })
  })

  test('every object that the bed itself creates carries the label by which a reset spares it', () => {
    for (const {object} of systemObjects(addressesOf(0))) {
      expect((object as {metadata: {labels: unknown}}).metadata.labels).toEqual({'istio-mtls-testbed': 'system'})
    }
  })
})

function planOf(bed: number): Plan {
  const folder = '/cache'
  return {
    addresses: addressesOf(bed),
    runDir: runDirOf(bed),
    pki: `${runDirOf(bed)}/pki`,
    build: {
      bin: `${folder}/bin`,
      cni: `${folder}/cni`,
      blobs: `${folder}/blobs`,
      artifacts: `${folder}/artifacts`,
      manifests: [],
      helmSha256: '',
      helm3Sha256: '',
    },
    api: {request: unasked, json: unasked, create: unasked},
    init: {pid: 1, startTime: '0'},
  }
}

function unasked(): Promise<never> {
  throw new Error('a plan asks nobody')
}

function textOf(bed: number): string {
  const components = componentsOf(planOf(bed)).map(({command, files}) => ({command, files}))
  return JSON.stringify([components, systemObjects(addressesOf(bed))])
}
