import type {KubeObject} from '../io/io.ts'
import type {DistributedRoots} from '../model/root.ts'
import {certificatesFrom} from './project-certificate.ts'
import {metaFrom, placeOf} from './project-meta.ts'
import {textMapOf} from './untrusted.ts'

/** Name of the ConfigMap that istiod writes into every namespace it discovers (pilot: serviceregistry/kube/controller/namespacecontroller.go). */
export const rootsConfigMap = 'istio-ca-root-cert'

/** The roots of one namespace, or null for any other ConfigMap. Never throws: what is no certificate is named in `unreadable`. */
export function rootsFrom(configMap: KubeObject): DistributedRoots | null {
  const {namespace, name} = metaFrom(configMap)
  if (name !== rootsConfigMap) return null
  const text = textMapOf(configMap['data'])['root-cert.pem'] ?? ''
  const {certificates, blocks} = certificatesFrom(text)
  return {namespace, certificates, unreadable: unreadableText(text, blocks, certificates.length), ...placeOf(configMap)}
}

function unreadableText(text: string, blocks: number, certificates: number): string {
  if (text.trim() === '') return 'the key `root-cert.pem` is missing or empty'
  if (blocks === 0) return 'the key `root-cert.pem` holds no PEM certificate'
  return blocks === certificates ? '' : `${blocks - certificates} of ${blocks} PEM blocks in the key \`root-cert.pem\` are no certificates`
}
