import type {Addresses} from '../addresses.ts'
import type {Api} from '../api.ts'
import type {Build} from '../build/build.ts'
import type {ProcessIdentity} from '../process-identity.ts'

/** What every component is made from. */
export interface Plan {
  addresses: Addresses
  runDir: string
  /** Folder of keys, certificates and kubeconfigs. */
  pki: string
  build: Build
  api: Api
  /** Process 1 of the bed. */
  init: ProcessIdentity
}
