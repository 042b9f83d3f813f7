/** `path` with more query parameters, whether it has some already or not. */
export function withQuery(path: string, parameters: Record<string, string>): string {
  const query = new URLSearchParams(parameters).toString()
  return query === '' ? path : `${path}${path.includes('?') ? '&' : '?'}${query}`
}
