import type {Report} from '../model/report.ts'

/**
 * Address of a failed stage's entry in docs/troubleshooting.md, beside the pages that the checks link; '' where they link none
 * (a report made without an address of the docs).
 */
export function troubleshootingUrl({results}: Pick<Report, 'results'>, entry: string): string {
  const page = results.find(({docs}) => docs.startsWith('https://') && docs.includes('/checks/'))?.docs
  if (page === undefined || !/^[a-z][a-z-]*$/.test(entry)) return ''
  return `${page.slice(0, page.lastIndexOf('/checks/'))}/troubleshooting.md#${entry}`
}
