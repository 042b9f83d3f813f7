import type {Report, Terms} from '../model/report.ts'

/** The inputs that judge. */
export type Gate = Omit<Terms, 'ignore'>

/** What the verdict is made from. */
export type Judged = Pick<
  Report,
  'counts' | 'endpoints' | 'results' | 'stages' | 'unread' | 'waivers' | 'comparison' | 'forecast' | 'planned'
>

/** Does it count against the run? All does, save with `gate: new` what a baseline that fits says was there already. */
export function isCounted({isNew}: {isNew?: boolean}, {gate}: Pick<Gate, 'gate'>): boolean {
  return gate === 'all' || isNew !== false
}
