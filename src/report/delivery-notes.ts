import type {Snapshot} from '../model/snapshot.ts'

/** Lines about delivered evidence that judge nothing: how long a change took to reach the proxies, and which role would read what was not read. */
export function deliveryNotes({delivered, asked}: Pick<Snapshot, 'delivered' | 'asked'>): string[] {
  if (!delivered.read || asked.manifests) return []
  const {withheld, propagation, proxies} = delivered.value
  const missing = [withheld.deliver, proxies.length === 0 ? '' : withheld.inspect].filter((reason) => reason !== '')
  return [
    ...(propagation === null ? [] : [travelText(propagation)]),
    ...missing.map((reason) => `Delivered evidence was not read: ${reason}.`),
  ]
}

function travelText({ms, complete, pending}: NonNullable<Extract<Snapshot['delivered'], {read: true}>['value']['propagation']>): string {
  const seconds = (ms / 1000).toFixed(1)
  if (complete) return `The change reached every proxy ${seconds} s after it was made: held by every istiod, acknowledged, and active.`
  const [first] = pending
  return `${seconds} s after the change it had not reached everything (${pending.length} left, such as \`${first?.pod}\`: ${first?.why}).`
}
