/** Where the run takes place, from GITHUB_* and the event; '' where GitHub says nothing (a run outside Actions). */
export interface RunContext {
  /** `owner/name`. */
  repo: string
  /** The pull request the event speaks of; `fork` when its code comes from another repository, so the token may only read. */
  pullRequest: {number: number; fork: boolean} | null
  /** Whose code reported what a `workflow_run` judges again, when that code is a fork's; null everywhere else. */
  reported: {repo: string; sha: string; branch: string} | null
  /** Commit the pull request is to be merged into, '' where the event names none. */
  baseSha: string
  /** Page of this run, attempt included. */
  runUrl: string
  /** Page of this action's docs folder at the version that runs, without a trailing slash; always an address. */
  docsUrl: string
  /** The workflow's own file, from the root of the repository; '' where it lies in another one. */
  workflowPath: string
  workflow: string
  job: string
  sha: string
  eventName: string
  serverUrl: string
  apiUrl: string
  graphqlUrl: string
}
