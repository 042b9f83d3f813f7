/**
 * A value as JSON in pieces, ending in a newline: lists of objects with an item a line, their holders indented, everything below on its
 * line. Ten thousand pods are so a third as long as indented through and never one string, and `grep` still finds a pod.
 */
export function* jsonText(value: unknown): Generator<string> {
  let piece = ''
  for (const part of written(value, '')) {
    piece += part
    if (piece.length < pieceSize) continue
    yield piece
    piece = ''
  }
  yield `${piece}\n`
}

function* written(value: unknown, indent: string): Generator<string> {
  const deeper = `${indent}  `
  if (Array.isArray(value) && value.some(isHolder)) {
    for (const [at, item] of value.entries()) yield `${at === 0 ? '[' : ','}\n${deeper}${JSON.stringify(item) ?? 'null'}`
    yield `\n${indent}]`
  } else if (isHolder(value) && !Array.isArray(value) && indent.length < deepest) {
    let mark = '{'
    for (const [key, item] of Object.entries(value)) {
      if (item === undefined) continue
      yield `${mark}\n${deeper}${JSON.stringify(key)}: `
      yield* written(item, deeper)
      mark = ','
    }
    yield mark === '{' ? '{}' : `\n${indent}}`
  } else yield JSON.stringify(value) ?? 'null'
}

function isHolder(value: unknown): value is object {
  return typeof value === 'object' && value !== null && Object.keys(value).length > 0
}

/** Two levels of holders: the report or snapshot itself, and each of its parts. */
const deepest = 4
const pieceSize = 1 << 18
