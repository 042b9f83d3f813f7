import {isSameJson} from '../model/same-json.ts'

/** What `project` makes of `raw`, or what it made of the same before; `place` tells apart what is projected differently. */
export type Share = <T extends object>(place: string, raw: unknown, project: () => T) => T

/**
 * One object for all that are alike: ten thousand pods hold a few thousand containers, label sets and the like, and what is one object is
 * kept, and worked out by whoever asks, once. What looks as the last one of its place is not even projected: in a list the pods of one workload
 * stand together. For plain JSON that nobody changes, over one list.
 */
export function sharing(): Share {
  const last = new Map<string, {raw: unknown; value: object}>()
  const known = new Map<string, object>()
  return <T extends object>(place: string, raw: unknown, project: () => T) => {
    const before = last.get(place)
    if (before !== undefined && isSameJson(before.raw, raw)) return before.value as T
    const projected = project()
    const text = JSON.stringify(projected)
    const value = (known.get(text) as T | undefined) ?? projected
    // A cluster where hardly two are alike must not keep them twice.
    if (known.size >= most) known.clear()
    known.set(text, value)
    last.set(place, {raw, value})
    return value
  }
}

const most = 10_000

/** For a pod by itself. */
export const unshared: Share = (_place, _raw, project) => project()
