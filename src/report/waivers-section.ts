import type {Report, Waiver} from '../model/report.ts'
import {type Block, code, details, heading, type Inline, prose, table, text} from './markdown.ts'
import {isRotten} from './waive.ts'
import {plural} from './words.ts'

/** The ledger's waivers: those that turn the run red in the open, the others folded away; nothing where there is no ledger. */
export function waiversSection({waivers}: Report): Block[] {
  const rotten = waivers.filter(isRotten)
  const kept = waivers.filter((waiver) => !isRotten(waiver))
  return [
    ...(rotten.length === 0 ? [] : [heading(3, text('Waivers to mend')), waiverTable(rotten)]),
    ...(kept.length === 0 ? [] : [details([text(`${plural(kept.length, 'waiver')}${expiringText(kept)}`)], [waiverTable(kept)])]),
  ]
}

function expiringText(waivers: Waiver[]): string {
  const soon = waivers.filter(({status}) => status === 'expiring').length
  const pending = waivers.filter(({status}) => status === 'pending').length
  return [soon > 0 ? `, ${soon} about to expire` : '', pending > 0 ? `, ${pending} pending until merged` : ''].join('')
}

function waiverTable(waivers: Waiver[]): Block {
  const titles = ['Waiver', 'State', 'Until', 'Owner', 'Reason'].map((title): Inline[] => [text(title)])
  return table(titles, waivers.slice(0, 200).map(rowOf))
}

function rowOf(waiver: Waiver): Inline[][] {
  const {namespace, workload, port, expires, owner, reason, status} = waiver
  return [
    [
      text(`${waiver.code} `),
      code(`${namespace}/${workload}${port === null ? '' : `:${port}`}`),
      ...(waiver.by === undefined ? [] : [text(' by annotation')]),
    ],
    [text(stateText[status])],
    [text(expires)],
    [text(owner)],
    prose(reason),
  ]
}

const stateText: Record<Waiver['status'], string> = {
  'in-force': '✔️ in force',
  expiring: '⚠️ expires soon',
  expired: '❌ expired: mend the cause or renew it',
  unused: '❌ covers nothing any more: delete it',
  'too-broad': '❌ too broad: name one namespace and one workload',
  malformed: '❌ wrong: it excuses nothing',
  pending: '➖ pending: counts once it is merged',
}
