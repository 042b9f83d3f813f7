/** The same JSON with every text changed; keys, numbers and the order stay, and what holds no changed text stays the very object it was. */
export function mapStrings(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === 'string') return change(value)
  if (value === null || typeof value !== 'object') return value
  // A report of ten thousand pods is not copied for the few texts that change.
  let changed: Record<string, unknown> | null = null
  for (const [key, item] of Object.entries(value)) {
    const now = mapStrings(item, change)
    if (now === item) continue
    changed ??= (Array.isArray(value) ? [...value] : {...value}) as Record<string, unknown>
    changed[key] = now
  }
  return changed ?? value
}
