import {isSubset, type Labels} from './label-selector.ts'

/** Finds the items whose selector is a subset of some labels without trying every item; keeps the items' order. */
export interface LabelIndex<T> {
  matching(labels: Labels): T[]
}

/** Files each item under the rarest pair of its selector, so that thousands of pods meet only the items that can match them. */
export function labelIndex<T>(items: readonly T[], selectorOf: (item: T) => Labels): LabelIndex<T> {
  const entries = items.map((item, order) => ({item, order, selector: selectorOf(item)}))
  const frequency = new Map<string, number>()
  for (const {selector} of entries) for (const pair of pairs(selector)) frequency.set(pair, (frequency.get(pair) ?? 0) + 1)
  const byPair = new Map<string, typeof entries>()
  for (const entry of entries) {
    const rarest = pairs(entry.selector).reduce((best, pair) => (rarity(pair) < rarity(best) ? pair : best), everything)
    byPair.set(rarest, [...(byPair.get(rarest) ?? []), entry])
  }
  function rarity(pair: string): number {
    return frequency.get(pair) ?? Number.POSITIVE_INFINITY
  }
  return {
    matching(labels) {
      const found = [everything, ...pairs(labels)].flatMap((pair) => byPair.get(pair) ?? [])
      return found
        .filter(({selector}) => isSubset(selector, labels))
        .sort((a, b) => a.order - b.order)
        .map(({item}) => item)
    },
  }
}

function pairs(labels: Labels): string[] {
  return Object.entries(labels).map(([key, value]) => `${key}=${value}`)
}

/** The place of empty selectors: no pair is written so. */
const everything = ''
