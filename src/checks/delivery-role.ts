import type {Check} from '../model/check.ts'
import type {Snapshot} from '../model/snapshot.ts'

/** Why a check of delivered evidence does not apply, as one sentence, or null: no proxies to read, or the role that reads them is not granted. */
export function withheldText({role}: Pick<Check, 'role'>, {asked, delivered}: Snapshot): string | null {
  if (role === undefined) return null
  if (asked.manifests) return 'manifests hold no running proxies'
  if (asked.inspect === false) return 'the saved snapshot holds nothing of its proxies'
  return (delivered.read && delivered.value.withheld[role]) || null
}

/** What kept a check of delivered evidence from seeing all it should, though it found nothing; '' when it saw all. */
export function missedText({role}: Pick<Check, 'role'>, {delivered}: Snapshot): string {
  if (role === undefined || !delivered.read) return ''
  const {replicas, proxies} = delivered.value
  const missed =
    role === 'deliver'
      ? replicas.flatMap(({state}) => (state.read ? [] : [state.reason]))
      : proxies.flatMap(({asked, running}) => (asked && !running.read ? [running.reason] : []))
  return missed.length === 0 ? '' : `not read of ${missed.length} ${role === 'deliver' ? 'istiod pods' : 'proxies'}: ${missed[0]}`
}
