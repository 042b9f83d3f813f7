/** GitHub's REST API, by what the report needs; failures carry the HTTP status. */
export interface GitHub {
  /** Login of the token's owner (`github-actions[bot]` for the job's token). */
  author(): Promise<string>
  /** All pages. */
  comments(repo: string, pullRequest: number): Promise<Comment[]>
  comment(repo: string, pullRequest: number, body: string): Promise<Comment>
  editComment(repo: string, id: number, body: string): Promise<Comment>
  /** Open pull requests whose head is `OWNER:BRANCH`; `headRepo` '' when the fork is gone. */
  pullRequests(repo: string, head: string): Promise<{number: number; headSha: string; headRepo: string; baseSha: string}[]>
  /** A file's text at a commit; null where it is not. */
  file(repo: string, path: string, ref: string): Promise<string | null>
  /** Minimizes as outdated; best effort. */
  minimize(nodeId: string): Promise<void>
}

export interface Comment {
  id: number
  nodeId: string
  author: string
  body: string
  url: string
}
