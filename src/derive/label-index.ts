import {isSubset, type Labels} from './label-selector.ts'

/** Finds the items whose selector is a subset of some labels without trying every item; keeps the items' order. */
export interface LabelIndex<T> {
  matching(labels: Labels): T[]
}

/** Files each item under the rarest pair of its selector, so that thousands of pods meet only the items that can match them. */
export function labelIndex<T>(items: readonly T[], selectorOf: (item: T) => Labels): LabelIndex<T> {
  const entries = items.map((item, order): Entry<T> => ({item, order, selector: selectorOf(item)}))
  const frequency = new Map<string, number>()
  for (const {selector} of entries)
    for (const key in selector) frequency.set(pair(selector, key), (frequency.get(pair(selector, key)) ?? 0) + 1)
  const rarity = (selector: Labels, key: string) => frequency.get(pair(selector, key)) ?? 0
  const everywhere: Entry<T>[] = []
  // By key, then by value: the labels of a pod are looked up as they stand, and no text is made of them.
  const filed = new Map<string, Map<string, Entry<T>[]>>()
  for (const entry of entries) {
    const {selector} = entry
    const [first, ...more] = Object.keys(selector)
    if (first === undefined) everywhere.push(entry)
    else {
      const rarest = more.reduce((best, key) => (rarity(selector, key) < rarity(selector, best) ? key : best), first)
      listIn(filed, rarest, selector[rarest] ?? '').push(entry)
    }
  }
  return {
    matching(labels) {
      const found = [...everywhere]
      for (const key in labels)
        for (const entry of filed.get(key)?.get(labels[key] ?? '') ?? []) if (isSubset(entry.selector, labels)) found.push(entry)
      return found.sort((a, b) => a.order - b.order).map(({item}) => item)
    },
  }
}

interface Entry<T> {
  item: T
  order: number
  selector: Labels
}

function pair(labels: Labels, key: string): string {
  return `${key}=${labels[key]}`
}

function listIn<T>(filed: Map<string, Map<string, T[]>>, key: string, value: string): T[] {
  const values = filed.get(key) ?? new Map<string, T[]>()
  filed.set(key, values)
  const list = values.get(value) ?? []
  values.set(value, list)
  return list
}
