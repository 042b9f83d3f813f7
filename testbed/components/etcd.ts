import type {Component} from '../component.ts'
import {answers} from './healthz.ts'
import type {Plan} from './plan.ts'

/** The cluster's store; it need not survive a power cut, so it never waits for the disk. */
export function etcd({addresses, runDir, build}: Plan): Component {
  const health = `http://${addresses.nodeIp}:2381`
  return {
    name: 'etcd',
    needs: [],
    command: [
      `${build.bin}/etcd`,
      `--data-dir=${runDir}/etcd`,
      '--unsafe-no-fsync',
      '--listen-client-urls=http://127.0.0.1:2379',
      '--advertise-client-urls=http://127.0.0.1:2379',
      '--listen-peer-urls=http://127.0.0.1:2380',
      `--listen-metrics-urls=${health}`,
      // Alone it wins its election at once; it waits for a second unless told.
      '--heartbeat-interval=20',
      '--election-timeout=200',
      '--log-level=warn',
    ],
    ready: () => answers(`${health}/health`),
  }
}
