/**
 * A file as a relative URI from the root of the checkout (RFC 3986, section 4.2), each segment encoded so that none is taken for a scheme;
 * null for what lies outside of it or names nothing.
 */
export function relativeUri(file: string, workspace: string): string | null {
  const root = slashed(workspace).replace(/\/+$/, '')
  const path = slashed(file)
  const inside = root !== '' && path.startsWith(`${root}/`) ? path.slice(root.length + 1) : path
  if (/^(?:\/|[a-z]:\/)/i.test(inside)) return null
  const segments = inside.split('/').filter((segment) => segment !== '' && segment !== '.')
  return segments.length === 0 || segments.includes('..') ? null : segments.map(encodeURIComponent).join('/')
}

function slashed(path: string): string {
  return path.toWellFormed().replaceAll('\\', '/')
}
