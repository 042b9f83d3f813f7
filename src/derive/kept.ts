/**
 * Asks once for the same arguments: the last answer for each first argument is kept as long as that lives, and so never from one run to the
 * next. For derivations that many rooms ask anew; nobody may change what comes back.
 */
export function kept<First extends object, Rest extends readonly unknown[], Answer>(
  derive: (first: First, ...rest: Rest) => Answer,
): (first: First, ...rest: Rest) => Answer {
  const known = new WeakMap<First, {rest: Rest; answer: Answer}>()
  return (first, ...rest) => {
    const last = known.get(first)
    if (last?.rest.every((each, at) => each === rest[at])) return last.answer
    const answer = derive(first, ...rest)
    known.set(first, {rest, answer})
    return answer
  }
}
