import type {Check} from '../model/check.ts'

/** All checks, sorted by code. A code is never reused: retired ones stay here as comments. */
export const checks: readonly Check[] = []
