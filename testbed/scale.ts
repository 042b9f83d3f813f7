import {join} from 'node:path'
import {addressesOf} from './addresses.ts'
import {boot} from './boot.ts'
import {type Build, build} from './build/build.ts'
import type {Component} from './component.ts'
import {interruptible} from './interruption.ts'
import {lock} from './lock.ts'
import {runDirOf} from './paths.ts'
import {recordBed} from './record.ts'
import {closeSandbox} from './sandbox.ts'

/** A bed of etcd and kube-apiserver alone: objects stay as they were written, for nothing schedules, runs or reaps them. */
export interface ScaleBed {
  number: number
  kubeconfig: string
  apiServer: string
  /** Where etcd answers JSON over HTTP (its gRPC gateway). */
  etcd: string
  /** Folder of the administrator's certificate (`admin.crt`, `admin.key`, `ca.crt`). */
  pki: string
  build: Build
}

/** Boots that bed anew and empty, in about 5 s. */
export async function upScale({bed, onProgress = () => {}}: {bed: number; onProgress?: (line: string) => void}): Promise<ScaleBed> {
  const addresses = addressesOf(bed)
  return interruptible(async (signal) => {
    const built = await build(onProgress)
    const release = await lock(`bed-${bed}`)
    try {
      await closeSandbox(addresses)
      await boot({bed, build: built, onProgress, signal, change: forScale(addresses.nodeIp)})
      // Without a record another bed's start would take this one for the leavings of a start that was killed.
      recordBed(bed, built)
      const pki = join(runDirOf(bed), 'pki')
      return {
        number: bed,
        kubeconfig: join(pki, 'admin.kubeconfig'),
        apiServer: `https://${addresses.nodeIp}:6443`,
        etcd: `http://${addresses.nodeIp}:2379`,
        pki,
        build: built,
      }
    } finally {
      await release()
    }
  })
}

function forScale(nodeIp: string): (components: Component[]) => Component[] {
  const extraFlags: Record<string, string[]> = {
    // 50,000 pods are near etcd's usual 2 GB.
    etcd: ['--quota-backend-bytes=8589934592', `--listen-client-urls=http://127.0.0.1:2379,http://${nodeIp}:2379`],
    // Recorded pods bring the volumes that this plugin would add, and no service accounts are made here.
    'kube-apiserver': ['--disable-admission-plugins=ServiceAccount'],
  }
  return (components) =>
    components.flatMap((component) => {
      const more = extraFlags[component.name]
      return more === undefined ? [] : [{...component, command: [...(component.command ?? []), ...more]}]
    })
}
