/** One part of a snapshot: what was read, or why it was not. Unread is never empty. */
export type Part<T> = {read: true; value: T} | {read: false; reason: string}

/** A part that was read. */
export function read<T>(value: T): Part<T> {
  return {read: true, value}
}

/** A part that could not be read; `reason` is one sentence for people. */
export function unread(reason: string): Part<never> {
  return {read: false, reason}
}
