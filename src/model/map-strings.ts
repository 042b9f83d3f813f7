/** The same JSON with every text changed; keys, numbers and the order stay, and what holds no changed text stays the very object it was. */
export function mapStrings(value: unknown, change: (text: string) => string): unknown {
  return mapped(value, change, new Map())
}

/** `known`: lists that were changed already, for a snapshot's pods share theirs (observe/shared.ts). */
function mapped(value: unknown, change: (text: string) => string, known: Map<object, unknown>): unknown {
  if (typeof value === 'string') return change(value)
  if (value === null || typeof value !== 'object') return value
  const before = known.get(value)
  if (before !== undefined) return before
  // A report of ten thousand pods is not copied for the few texts that change.
  let changed: Record<string, unknown> | null = null
  for (const [key, item] of Object.entries(value)) {
    const now = mapped(item, change, known)
    if (now === item) continue
    changed ??= (Array.isArray(value) ? [...value] : {...value}) as Record<string, unknown>
    changed[key] = now
  }
  if (Array.isArray(value)) known.set(value, changed ?? value)
  return changed ?? value
}
