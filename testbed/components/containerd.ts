import {connect} from 'node:net'
import type {Component} from '../component.ts'
import {imageNames} from '../build/images.ts'
import type {Plan} from './plan.ts'

/** The container runtime, for which the bed's registry stands in for docker.io and every other one: an unknown image fails at once. */
export function containerd({addresses, runDir, build, init}: Plan): Component {
  const registry = `http://${addresses.nodeIp}:5000`
  return {
    name: 'containerd',
    needs: [],
    files: {
      [`${runDir}/containerd.toml`]: configOf(runDir),
      [`${runDir}/certs.d/_default/hosts.toml`]: `server = "${registry}"\n[host."${registry}"]\n  capabilities = ["pull", "resolve"]\n`,
    },
    command: [`${build.bin}/containerd`, '--config', `${runDir}/containerd.toml`],
    ready: () => accepts(`/proc/${init.pid}/root${socket}`),
  }
}

const socket = '/run/containerd/containerd.sock'

function configOf(runDir: string): string {
  return `version = 3
root = "${runDir}/containerd"
state = "/run/containerd"
[grpc]
  address = "${socket}"
[plugins."io.containerd.cri.v1.images"]
  snapshotter = "overlayfs"
  [plugins."io.containerd.cri.v1.images".registry]
    config_path = "${runDir}/certs.d"
  [plugins."io.containerd.cri.v1.images".pinned_images]
    sandbox = "docker.io/${imageNames.pause}"
[plugins."io.containerd.cri.v1.runtime"]
  enable_selinux = false
  # Without CAP_SYS_RESOURCE runc dies of the scores that kubelet asks for ("can't get final child's PID from pipe").
  restrict_oom_score_adj = true
  [plugins."io.containerd.cri.v1.runtime".cni]
    bin_dirs = ["/opt/cni/bin"]
    conf_dir = "/etc/cni/net.d"
  [plugins."io.containerd.cri.v1.runtime".containerd]
    default_runtime_name = "runc"
    [plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc.options]
        SystemdCgroup = false
`
}

function accepts(path: string): Promise<boolean> {
  const connection = connect(path)
  return new Promise<boolean>((resolve) => {
    connection.on('connect', () => resolve(true)).on('error', () => resolve(false))
  }).finally(() => connection.destroy())
}
