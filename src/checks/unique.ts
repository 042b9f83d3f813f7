/** The first of each key, in order. */
export function unique<T>(items: T[], key: (item: T) => string): T[] {
  return [...Map.groupBy(items, key).values()].flatMap((group) => group.slice(0, 1))
}
