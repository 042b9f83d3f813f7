import type {Inputs} from '../model/inputs.ts'
import {type Marker, markerFrom} from './comment.ts'

/** A comment as it stands on the pull request. */
export interface StandingComment {
  id: number
  nodeId: string
  author: string
  body: string
  url: string
}

/** What to do on the pull request; `url` of the comment that stays as it is, or ''. */
export type CommentPlan = {do: 'nothing'; url: string} | {do: 'create'} | {do: 'edit'; id: number} | {do: 'replace'; minimize: string}

/**
 * Decides what a report does to the pull request. Ours is the newest comment by `author` that starts with our mark: anyone may quote a mark.
 * A verdict that flips is posted anew, because an edit sends no message; `on-failure` still turns an old red comment green.
 */
export function planComment(policy: Inputs['comment'], standing: StandingComment[], author: string, marker: Marker): CommentPlan {
  if (policy === 'never') return {do: 'nothing', url: ''}
  const ours = newest(standing, author, marker.key)
  const quiet = policy === 'on-failure' && marker.verdict === 'pass'
  if (ours === null) return quiet ? {do: 'nothing', url: ''} : {do: 'create'}
  const {id, nodeId, url, said} = ours
  if (said.hash === marker.hash && said.verdict === marker.verdict && policy !== 'always') return {do: 'nothing', url}
  if (said.verdict === marker.verdict || quiet) return {do: 'edit', id}
  return {do: 'replace', minimize: nodeId}
}

function newest(standing: StandingComment[], author: string, key: string): (StandingComment & {said: Marker}) | null {
  const ours = standing.flatMap((comment) => {
    const said = comment.author === author ? markerFrom(comment.body) : null
    return said?.key === key ? [{...comment, said}] : []
  })
  return ours.reduce<(StandingComment & {said: Marker}) | null>((best, one) => (best === null || one.id > best.id ? one : best), null)
}
