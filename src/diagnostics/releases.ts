import type {Kube, KubeObject} from '../io/io.ts'
import {KubeFailure, messageOf} from '../model/failure.ts'
import {redacted} from './redact.ts'

/** helm's own record of the releases in a namespace, from the labels of its Secrets alone: no value and no manifest is ever opened. Never throws. */
export async function releaseLines(namespace: string, kube: Kube): Promise<{text: string; denied: boolean}> {
  try {
    const lines = await kube.list(`/api/v1/namespaces/${namespace}/secrets?labelSelector=owner%3Dhelm`, lineOf)
    return {
      text: `# helm releases in ${namespace}: release, revision, status, time\n${lines.sort().slice(-most).join('\n') || '(none)'}\n`,
      denied: false,
    }
  } catch (thrown) {
    const denied = thrown instanceof KubeFailure && thrown.status === 403
    return {text: `# helm releases in ${namespace}: not read: ${redacted(messageOf(thrown))}\n`, denied}
  }
}

function lineOf({metadata: {labels = {}, creationTimestamp = ''}}: KubeObject): string {
  const label = (name: string) => (labels[name] ?? '').slice(0, 63)
  return `${label('name')}\t${label('version').padStart(4)}\t${label('status')}\t${creationTimestamp}`
}

const most = 100
