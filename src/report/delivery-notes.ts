import type {Delivered} from '../model/delivered.ts'
import type {Snapshot} from '../model/snapshot.ts'

/** Lines about delivered evidence that judge nothing: how long a change took to reach the proxies, and which role would read what was not read. */
export function deliveryNotes({delivered, asked}: Pick<Snapshot, 'delivered' | 'asked'>): string[] {
  if (!delivered.read || asked.manifests) return []
  const {withheld, propagation, proxies} = delivered.value
  const missing = [withheld.deliver, proxies.length === 0 ? '' : withheld.inspect].filter((reason) => reason !== '')
  return [
    ...(propagation === null ? [] : [travelText(propagation)]),
    ...partText(proxies, withheld.inspect),
    ...missing.map((reason) => `Delivered evidence was not read: ${reason}.`),
  ]
}

/** Granted in some namespaces and not in others: the checks of proxies speak for those that were read alone. */
function partText(proxies: Delivered['proxies'], withheld: string): string[] {
  const left = proxies.flatMap(({asked, running}) =>
    !asked && !running.read && running.reason.startsWith('the role `inspect`') ? [running.reason] : [],
  )
  return withheld !== '' || left.length === 0 ? [] : [`The proxies of ${left.length} of ${proxies.length} pods were not read: ${left[0]}.`]
}

function travelText({ms, complete, pending}: NonNullable<Extract<Snapshot['delivered'], {read: true}>['value']['propagation']>): string {
  const seconds = (ms / 1000).toFixed(1)
  if (complete) return `The change reached every proxy ${seconds} s after it was made: held by every istiod, acknowledged, and active.`
  const [first] = pending
  return `${seconds} s after the change it had not reached everything (${pending.length} left, such as \`${first?.pod}\`: ${first?.why}).`
}
