import type {Report} from '../model/report.ts'

/** What is compared: a report before its verdict. */
export type Comparable = Pick<Report, 'endpoints' | 'results' | 'waivers' | 'scope' | 'terms' | 'cluster' | 'mode'>

/**
 * Why a report cannot be held against an earlier one, or '': another scope, other checks left out, or another cluster by name. What was
 * never looked at there would otherwise be excused, or called mended.
 */
export function misfitOf(now: Comparable, before: Report): string {
  const differing = [
    differ('namespaces', now.scope.namespaces, before.scope.namespaces),
    differ('exclude-namespaces', now.scope.exclude, before.scope.exclude),
    differ('ignore', now.terms.ignore, before.terms.ignore),
    now.terms.mtlsMode === before.terms.mtlsMode ? '' : `\`mtls-mode\` is \`${now.terms.mtlsMode}\` and was \`${before.terms.mtlsMode}\``,
    now.cluster.name !== '' && before.cluster.name !== '' && now.cluster.name !== before.cluster.name
      ? `the cluster is \`${plain(now.cluster.name)}\` and was \`${plain(before.cluster.name)}\``
      : '',
  ].filter((each) => each !== '')
  return differing.length === 0 ? '' : `The baseline does not fit: ${differing.join('; ')}`
}

/** What readers of a comparison must know, though it forbids none. */
export function remarksOf(now: Comparable, before: Report): string[] {
  const isOther = now.cluster.uid !== '' && before.cluster.uid !== '' && now.cluster.uid !== before.cluster.uid
  return [
    isOther
      ? `The baseline was taken on another cluster (UID \`${plain(before.cluster.uid)}\`): the same objects are compared, not the same pods.`
      : '',
    now.cluster.uid === '' && before.cluster.uid !== '' ? 'The baseline was taken on a cluster, this report from files.' : '',
    now.cluster.uid !== '' && before.cluster.uid === '' ? 'The baseline was made from files, this report on a cluster.' : '',
    before.cluster.istio !== now.cluster.istio && before.cluster.istio !== '' && now.cluster.istio !== ''
      ? `The baseline saw Istio ${before.cluster.istio}, this run ${now.cluster.istio}.`
      : '',
    now.terms.require === before.terms.require
      ? ''
      : `The baseline asked for \`require: ${before.terms.require}\`, this run for \`${now.terms.require}\`.`,
    before.verdict.status === 'unknown' ? 'The baseline itself could not judge everything.' : '',
  ].filter((each) => each !== '')
}

function differ(input: string, now: string[], before: string[]): string {
  const [left, right] = [now, before].map((names) => [...new Set(names)].sort().join(', '))
  return left === right ? '' : `\`${input}\` is \`${plain(left || 'none')}\` and was \`${plain(right || 'none')}\``
}

function plain(text = ''): string {
  const line = text.replaceAll('`', "'").replace(/\s+/g, ' ')
  return line.length > 200 ? `${line.slice(0, 199)}…`.toWellFormed() : line
}
