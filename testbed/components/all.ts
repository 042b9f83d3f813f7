import type {Component} from '../component.ts'
import {artifacts} from './artifacts.ts'
import {containerd} from './containerd.ts'
import {coreDns} from './core-dns.ts'
import {etcd} from './etcd.ts'
import {kubeApiserver} from './kube-apiserver.ts'
import {kubeControllerManager} from './kube-controller-manager.ts'
import {kubeProxy} from './kube-proxy.ts'
import {kubeScheduler} from './kube-scheduler.ts'
import {kubelet, node} from './kubelet.ts'
import type {Plan} from './plan.ts'
import {registry} from './registry.ts'

/** Every component of a bed; their order follows from what each needs. */
export function componentsOf(plan: Plan): Component[] {
  return [
    etcd,
    containerd,
    registry,
    artifacts,
    kubeApiserver,
    kubeControllerManager,
    kubeScheduler,
    kubelet,
    kubeProxy,
    node,
    coreDns,
  ].map((make) => make(plan))
}
