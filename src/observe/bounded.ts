/** Runs `task` over all items, at most `limit` at a time; results in the order of the items. */
export async function bounded<T, R>(items: readonly T[], limit: number, task: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = new Array(items.length)
  const queue = items.entries()
  const worker = async () => {
    // One iterator shared by all workers: each takes the next item when it is free.
    for (const [at, item] of queue) results[at] = await task(item)
  }
  await Promise.all(Array.from({length: Math.max(1, Math.min(limit, items.length))}, worker))
  return results
}
