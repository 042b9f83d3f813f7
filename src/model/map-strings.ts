/** The same JSON with every text changed; keys, numbers and the order stay, and what holds no changed text stays the very object it was. */
export function mapStrings(value: unknown, change: (text: string) => string): unknown {
  return mapped(value, change, new Map())
}

/** `known`: lists that were changed already, for a snapshot's pods share theirs (observe/shared.ts). */
function mapped(value: unknown, change: (text: string) => string, known: Map<object, unknown>): unknown {
  if (typeof value === 'string') return change(value)
  if (value === null || typeof value !== 'object') return value
  return Array.isArray(value) ? mappedList(value, change, known) : mappedHolder(value as Record<string, unknown>, change, known)
}

// A report of ten thousand pods is not copied for the few texts that change, nor is anything made to find that nothing does.
function mappedList(list: unknown[], change: (text: string) => string, known: Map<object, unknown>): unknown {
  const before = known.get(list)
  if (before !== undefined) return before
  let changed: unknown[] | null = null
  for (let at = 0; at < list.length; at++) {
    const now = mapped(list[at], change, known)
    if (now === list[at]) continue
    changed ??= [...list]
    changed[at] = now
  }
  known.set(list, changed ?? list)
  return changed ?? list
}

function mappedHolder(holder: Record<string, unknown>, change: (text: string) => string, known: Map<object, unknown>): unknown {
  let changed: Record<string, unknown> | null = null
  for (const key in holder) {
    const now = mapped(holder[key], change, known)
    if (now === holder[key]) continue
    changed ??= {...holder}
    changed[key] = now
  }
  return changed ?? holder
}
