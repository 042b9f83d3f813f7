import type {Changes} from './io.ts'

/** Counts from zero. */
export function changeCount(): Changes {
  let begun = 0
  return {
    begin: () => void begun++,
    begun: () => begun,
  }
}
