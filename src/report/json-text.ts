/**
 * A value as JSON in parts, ending in a newline: lists of objects with an item a line, their holders indented, everything below on its
 * line. Ten thousand pods are so a third as long as indented through and never one string, and `grep` still finds a pod.
 */
export function* jsonText(value: unknown): Generator<string> {
  yield* written(value, '')
  yield '\n'
}

function* written(value: unknown, indent: string): Generator<string> {
  const deeper = `${indent}  `
  if (Array.isArray(value) && value.some(isHolder)) {
    let before = `[\n${deeper}`
    for (const item of value) {
      yield before
      yield JSON.stringify(item) ?? 'null'
      before = `,\n${deeper}`
    }
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
