/** UTF-8 bytes, which is what GitHub counts for summaries; never fewer than characters, which is what it counts for comments. */
export function byteLength(text: string): number {
  return Buffer.byteLength(text)
}

/** The first rendering, from most to least telling, of at most `limit` bytes; the last one is cut where it must be. */
export function fitting(renderings: Iterable<string>, limit: number, farewell: string): string {
  let last = ''
  for (const rendering of renderings) {
    if (byteLength(rendering) <= limit) return rendering
    last = rendering
  }
  return cut(last, limit, farewell)
}

/** Markdown of at most `limit` bytes: whole lines, open fences and `<details>` closed, and `farewell` as the last line. */
export function cut(markdown: string, limit: number, farewell: string): string {
  if (byteLength(markdown) <= limit) return markdown
  let size = byteLength(`\n\n${farewell}\n`)
  let fence = ''
  let depth = 0
  const kept: string[] = []
  for (const line of markdown.split('\n')) {
    const open = fence === '' ? (/^`{3,}/.exec(line)?.[0] ?? '') : line === fence ? '' : fence
    const deeper = fence === '' && open === '' ? depth + count(line, '<details') - count(line, '</details>') : depth
    if (size + byteLength(line) + 1 + byteLength(closing(open, deeper)) > limit) break
    size += byteLength(line) + 1
    kept.push(line)
    fence = open
    depth = deeper
  }
  return `${kept.join('\n')}${closing(fence, depth)}\n\n${farewell}\n`
}

function closing(fence: string, depth: number): string {
  return `${fence === '' ? '' : `\n${fence}`}${'\n\n</details>'.repeat(depth)}`
}

function count(line: string, part: string): number {
  return line.split(part).length - 1
}
