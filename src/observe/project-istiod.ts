import type {KubeObject} from '../io/io.ts'
import {isIstiodSwitch} from '../model/kept-variables.ts'
import type {Istiod} from '../model/mesh.ts'
import {envFrom} from './project-container.ts'
import {metaFrom} from './project-meta.ts'
import {type Fields, fieldsOf, listOf, numberOf, textOf} from './untrusted.ts'

/** An istiod Deployment (label `app: istiod`, as every chart and istioctl write it), or null for any other. */
export function istiodFrom(deployment: KubeObject): Istiod | null {
  if (fieldsOf(fieldsOf(deployment.metadata)['labels'])['app'] !== 'istiod') return null
  const meta = metaFrom(deployment)
  const container = discoveryContainer(deployment)
  const env = envFrom(container['env'], isIstiodSwitch)
  const status = fieldsOf(deployment['status'])
  return {
    ...meta,
    revision: env['REVISION'] || meta.labels['istio.io/rev'] || 'default',
    version: versionOf(textOf(container['image']), meta.labels),
    replicas: numberOf(fieldsOf(deployment['spec'])['replicas'], 1),
    readyReplicas: numberOf(status['readyReplicas'], 0),
    env,
  }
}

function discoveryContainer(deployment: KubeObject): Fields {
  const template = fieldsOf(fieldsOf(deployment['spec'])['template'])
  const containers = listOf(fieldsOf(template['spec'])['containers'])
  return containers.find((each) => each['name'] === 'discovery') ?? containers[0] ?? {}
}

/** What runs is the image, so its tag comes first (without variant); an image by digest leaves the chart's label. */
function versionOf(image: string, labels: Record<string, string>): string {
  const tag = /:([^:/@]+)(?:@|$)/.exec(image)?.[1] ?? ''
  if (/^v?\d+\.\d+/.test(tag)) return tag.replace(/^v/, '').replace(/-(distroless|debug)$/, '')
  return labels['app.kubernetes.io/version'] ?? labels['operator.istio.io/version'] ?? tag
}
