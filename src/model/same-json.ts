/** True for equal plain JSON, whatever the order of keys: what is one and the same object is not looked into. */
export function isSameJson(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (Array.isArray(a) || Array.isArray(b)) return Array.isArray(a) && Array.isArray(b) && isSameList(a, b)
  return isSameMap(a as Fields, b as Fields)
}

type Fields = Record<string, unknown>

function isSameList(a: readonly unknown[], b: readonly unknown[]): boolean {
  if (a.length !== b.length) return false
  for (let at = 0; at < a.length; at++) if (!isSameJson(a[at], b[at])) return false
  return true
}

function isSameMap(a: Fields, b: Fields): boolean {
  let more = 0
  for (const key in a) {
    if (!Object.hasOwn(b, key) || !isSameJson(a[key], b[key])) return false
    more++
  }
  for (const _ in b) more--
  return more === 0
}
