/** What `post` must know to give back the Lease of a killed run. */
export interface LockState {
  namespace: string
  holder: string
  /** As the run was told: its kubeconfig may need it to be used at all. */
  insecureSkipTlsVerify: boolean
}

/** Name of the runner state that holds a `LockState` as JSON, or '' when no Lease is held. */
export const lockState = 'lock'

/** The state as `post` finds it; null where there is none that can be read. */
export function lockStateFrom(state: unknown): LockState | null {
  const {namespace, holder, insecureSkipTlsVerify} = (state ?? {}) as Partial<Record<keyof LockState, unknown>>
  if (typeof namespace !== 'string' || typeof holder !== 'string') return null
  return {namespace, holder, insecureSkipTlsVerify: insecureSkipTlsVerify === true}
}
