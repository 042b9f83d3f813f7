import type {Authorization, Permit} from '../model/authorization.ts'
import {clipped, plural, quoted} from './words.ts'

/** Who may call, as a sentence with names in backticks. */
export function callersText({callers, allowed, denied, asks, remark}: Authorization): string {
  const never = denied.filter((permit) => !isTokenDemand(permit))
  const who = {anyone: 'anyone', nobody: 'nobody', listed: listed(allowed)}[callers]
  return [
    who,
    ...(never.length > 0 && callers !== 'nobody' ? [`never ${listed(never)}`] : []),
    ...(asks.length > 0 ? [`asked besides: ${asks.map(quoted).join(', ')}`] : []),
    ...(remark === '' ? [] : [clipped(remark, 200)]),
  ].join('; ')
}

/** Which token a call must bring, as a sentence with names in backticks. */
export function tokenText({token: {demand, issuers}}: Authorization): string {
  const of =
    issuers.length === 0
      ? ''
      : ` of ${issuers.slice(0, 3).map(quoted).join(' or ')}${issuers.length > 3 ? ` or ${issuers.length - 3} more` : ''}`
  return {none: 'none', checked: `not demanded, a wrong one${of} is refused`, 'in part': `for some calls${of}`, demanded: `demanded${of}`}[
    demand
  ]
}

/** To refuse whoever has no token is said by the column of tokens. */
function isTokenDemand({from, to, when}: Permit): boolean {
  return from.length === 1 && from[0] === 'not token *' && to.length + when.length === 0
}

function listed(permits: readonly Permit[]): string {
  const texts = [...new Set(permits.map(permitText))]
  return `${texts.slice(0, 4).join('; or ')}${texts.length > 4 ? `; or ${plural(texts.length - 4, 'rule')} more` : ''}`
}

function permitText({from, to, when}: Permit): string {
  const who = from.length === 0 ? 'anyone' : alternatives(from, 5)
  return `${who}${to.length === 0 ? '' : ` for ${alternatives(to, 3)}`}${when.length === 0 ? '' : ` where ${when.slice(0, 3).map(quoted).join(' and ')}`}`
}

function alternatives(words: readonly string[], limit: number): string {
  return `${words.slice(0, limit).map(quoted).join(' or ')}${words.length > limit ? ` or ${words.length - limit} more` : ''}`
}
