import {spawn} from 'node:child_process'
import {mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {dirname, join, resolve} from 'node:path'
import {parse} from 'yaml'

/** One step as the runner would run it: inputs over action.yml's defaults, the event, the token's API. */
export interface Step {
  inputs: Record<string, string>
  /** Address of the GitHub stand-in, and the event it belongs to. */
  apiUrl: string
  event?: {name: string; payload: object}
  env?: Record<string, string>
  /** What an earlier step checked out, by path in the workspace. */
  files?: Record<string, string>
  /** `src` runs the sources as they stand, for tests that come before the bundle; `dist` by default. */
  entry?: 'dist' | 'src' | {main: string; post: string}
  onLine?: (line: string) => void
  /** Sent to the action's process after this many milliseconds, as the runner does on a cancel. */
  cancelAfterMs?: number
}

/** What the runner would have after the step: exit code, log, outputs, job summary. */
export interface StepResult {
  code: number | null
  log: string
  outputs: Record<string, string>
  summary: string
  state: Record<string, string>
  ms: number
  temp: string
}

/**
 * Stands in for GitHub's runner: runs `dist/index.js` (or the sources) on this very node (24) in a process of its own with the files and
 * variables the runner gives, then `dist/post/index.js` with its state. The `temp` folder stays for reading; `forget` removes it.
 */
export async function runStep(step: Step, options: {toolCache?: string} = {}): Promise<StepResult> {
  const temp = mkdtempSync(join(tmpdir(), 'runner-'))
  const files = Object.fromEntries(
    ['OUTPUT', 'STATE', 'STEP_SUMMARY', 'ENV', 'PATH'].map((name) => [`GITHUB_${name}`, join(temp, `_${name}`)]),
  )
  for (const file of Object.values(files)) writeFileSync(file, '')
  const eventPath = join(temp, 'event.json')
  writeFileSync(eventPath, JSON.stringify(step.event?.payload ?? {}))
  const workspace = join(temp, 'workspace')
  const runnerTemp = join(temp, '_temp')
  for (const folder of [workspace, runnerTemp]) mkdirSync(folder)
  for (const [path, text] of Object.entries(step.files ?? {})) {
    mkdirSync(dirname(join(workspace, path)), {recursive: true})
    writeFileSync(join(workspace, path), text)
  }

  const env: Record<string, string> = {
    PATH: process.env['PATH'] ?? '',
    HOME: temp,
    CI: 'true',
    ...files,
    ...inputVariables(step.inputs),
    RUNNER_TEMP: runnerTemp,
    RUNNER_TOOL_CACHE: options.toolCache ?? join(temp, '_tool'),
    RUNNER_OS: 'Linux',
    RUNNER_ARCH: 'X64',
    GITHUB_ACTIONS: 'true',
    GITHUB_WORKSPACE: workspace,
    GITHUB_EVENT_NAME: step.event?.name ?? 'push',
    GITHUB_EVENT_PATH: eventPath,
    GITHUB_REPOSITORY: 'octo-org/shop',
    GITHUB_SHA: 'c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00',
    GITHUB_WORKFLOW: 'preview',
    GITHUB_JOB: 'mesh',
    GITHUB_ACTION: 'mtls',
    GITHUB_RUN_ID: '4711',
    GITHUB_RUN_ATTEMPT: '1',
    GITHUB_SERVER_URL: 'https://github.com',
    GITHUB_API_URL: step.apiUrl,
    GITHUB_GRAPHQL_URL: `${step.apiUrl}/graphql`,
    ...step.env,
  }
  const started = performance.now()
  const entry =
    typeof step.entry === 'object'
      ? step.entry
      : step.entry === 'src'
        ? {main: 'src/main.ts', post: 'src/post.ts'}
        : {main: 'dist/index.js', post: 'dist/post/index.js'}
  const main = await node(entry.main, env, workspace, step)
  const ms = Math.round(performance.now() - started)
  const state = fileCommands(readFileSync(join(temp, '_STATE'), 'utf8'))
  const stateEnv = Object.fromEntries(Object.entries(state).map(([name, value]) => [`STATE_${name}`, value]))
  const post = await node(entry.post, {...env, ...stateEnv}, workspace, {onLine: step.onLine})
  return {
    code: main.code,
    log: main.log + post.log,
    outputs: fileCommands(readFileSync(join(temp, '_OUTPUT'), 'utf8')),
    summary: readFileSync(join(temp, '_STEP_SUMMARY'), 'utf8'),
    state,
    ms,
    temp,
  }
}

/** Removes what a step left in its temporary folder. */
export function forget(result: StepResult): void {
  rmSync(result.temp, {recursive: true, force: true})
}

/** The pull_request event of a number, as far as actions read it. */
export function pullRequestEvent(number: number): {name: string; payload: object} {
  return {
    name: 'pull_request',
    payload: {
      action: 'synchronize',
      number,
      pull_request: {
        number,
        head: {sha: 'c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00'},
        base: {sha: 'ba5eba5eba5eba5eba5eba5eba5eba5eba5eba5e'},
      },
    },
  }
}

function inputVariables(given: Record<string, string>): Record<string, string> {
  const action = parse(readFileSync('action.yml', 'utf8')) as {inputs: Record<string, {default?: string}>}
  const defaults = Object.entries(action.inputs).map(([name, spec]) => [
    name,
    name === 'github-token' ? 'ghs_the-jobs-token' : (spec.default ?? ''),
  ])
  return Object.fromEntries(
    Object.entries({...Object.fromEntries(defaults), ...given}).map(([name, value]) => [`INPUT_${name.toUpperCase()}`, String(value)]),
  )
}

function node(
  script: string,
  env: Record<string, string>,
  cwd: string,
  step: Pick<Step, 'onLine' | 'cancelAfterMs'>,
): Promise<{code: number | null; log: string}> {
  return new Promise((done, broken) => {
    const child = spawn(process.execPath, [resolve(dirname(new URL(import.meta.url).pathname), '../..', script)], {
      env,
      cwd,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    if (step.cancelAfterMs !== undefined) setTimeout(() => child.kill('SIGINT'), step.cancelAfterMs).unref()
    let log = ''
    let rest = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        log += text
        const lines = (rest + text).split('\n')
        rest = lines.pop() ?? ''
        for (const line of lines) step.onLine?.(line)
      })
    }
    child.on('error', broken)
    child.on('close', (code) => done({code, log}))
  })
}

function fileCommands(text: string): Record<string, string> {
  const values: Record<string, string> = {}
  const lines = text.split('\n')
  for (let at = 0; at < lines.length; at++) {
    const match = /^([^<=]+)<<(.+)$/.exec(lines[at] ?? '')
    if (match === null) continue
    const end = lines.indexOf(match[2] ?? '', at + 1)
    values[match[1] ?? ''] = lines.slice(at + 1, end).join('\n')
    at = end
  }
  return values
}
