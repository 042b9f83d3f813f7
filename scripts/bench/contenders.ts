import {mkdirSync, mkdtempSync, readFileSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {parse} from 'yaml'
import type {ScaleBed} from '../../testbed/scale.ts'
import type {Contender} from './measure.ts'
import {reader} from './seed.ts'

/** The peers and ours as whole processes on that bed; files of ours land in `folder`. `entry`: `dist/index.js` or another bundle of it. */
export function contenders(bed: ScaleBed, entry: string): {contenders: Record<'analyze' | 'list' | 'ours', Contender>; folder: string} {
  const folder = mkdtempSync(join(tmpdir(), 'bench-'))
  const basic = {PATH: process.env['PATH'] ?? '', HOME: folder}
  return {
    folder,
    contenders: {
      // Code 79: it found something.
      analyze: {
        name: 'istioctl analyze -A',
        command: join(bed.build.bin, 'istioctl'),
        args: ['analyze', '-A'],
        env: {...basic, KUBECONFIG: bed.kubeconfig},
        codes: [0, 79],
      },
      list: {
        name: 'bare protobuf list',
        command: process.execPath,
        args: [join(import.meta.dirname, 'bare-list.ts'), bed.apiServer, bed.pki],
        env: basic,
        codes: [0],
      },
      ours: {name: 'validate', command: process.execPath, args: [entry], env: {...basic, ...stepVariables(bed, folder)}, codes: [0, 1]},
    },
  }
}

/** `mode: validate` without live reads, as the runner would start it: all report files, no comment. */
export function stepVariables(bed: ScaleBed, folder: string): Record<string, string> {
  const file = (name: string, text = '') => {
    const path = join(folder, name)
    writeFileSync(path, text)
    return path
  }
  mkdirSync(join(folder, 'workspace'), {recursive: true})
  const kubeconfig = readFileSync(bed.kubeconfig, 'utf8').replace('\n  user:\n', `\n  user:\n    as: ${reader}\n`)
  const inputs: Record<string, string> = {
    ...defaults(),
    mode: 'validate',
    probes: 'off',
    require: 'configured',
    comment: 'never',
    kubeconfig: file('kubeconfig', kubeconfig),
    'github-token': '',
    'report-dir': join(folder, 'report'),
  }
  return {
    ...Object.fromEntries(Object.entries(inputs).map(([name, value]) => [`INPUT_${name.toUpperCase()}`, value])),
    ...Object.fromEntries(['OUTPUT', 'STATE', 'STEP_SUMMARY', 'ENV', 'PATH'].map((name) => [`GITHUB_${name}`, file(`_${name}`)])),
    GITHUB_ACTIONS: 'true',
    GITHUB_WORKSPACE: join(folder, 'workspace'),
    GITHUB_EVENT_NAME: 'push',
    GITHUB_EVENT_PATH: file('event.json', '{}'),
    GITHUB_REPOSITORY: 'octo-org/shop',
    GITHUB_WORKFLOW: 'bench',
    GITHUB_JOB: 'bench',
    GITHUB_SERVER_URL: 'https://github.com',
    RUNNER_TEMP: join(folder, '_temp'),
    RUNNER_TOOL_CACHE: join(folder, '_tool'),
    RUNNER_OS: 'Linux',
    RUNNER_ARCH: 'X64',
  }
}

function defaults(): Record<string, string> {
  const {inputs} = parse(readFileSync('action.yml', 'utf8')) as {inputs: Record<string, {default?: unknown}>}
  return Object.fromEntries(
    Object.entries(inputs).map(([name, input]) => [name, `${input.default ?? ''}`.startsWith('${{') ? '' : String(input.default ?? '')]),
  )
}
