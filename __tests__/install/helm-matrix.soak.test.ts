import {releasesPath} from '../../src/install/find-install.ts'
import type {Io} from '../../src/io/io.ts'
import {type Bed, down, up} from '../../testbed/bed.ts'
import {reset} from '../../testbed/reset.ts'
import {appsIn, type Life, lifeWith} from '../canary/on-life.ts'

// The life of one cluster, from an empty one to an empty one, by each helm, and with the helm changed half-way; nothing is mended by hand.

let bed: Bed
const rows: string[] = []

beforeAll(async () => {
  bed = await up({bed: 14})
}, 600_000)

afterAll(async () => {
  process.stdout.write(`${['Helm matrix', '| helm | step | did | s |', '|---|---|---|---|', ...rows].join('\n')}\n`)
  await down({bed: 14})
}, 120_000)

const oldest = () => ({'istio-version': bed.istioBefore})
const next = {'istio-version': '1.31.0'}
const names = (life: Life) => life.releases().map((line) => line.split(' ').slice(0, 2).join(' '))

describe.each<['helm' | 'helm3', 'helm' | 'helm3']>([
  ['helm3', 'helm3'],
  ['helm', 'helm'],
  ['helm3', 'helm'],
  ['helm', 'helm3'],
])('begun with %s, gone on with %s from the upgrade on', (first, second) => {
  let life: Life
  let later: Life

  beforeAll(async () => {
    await reset(bed)
    life = await lifeWith(first, bed)
    later = await lifeWith(second, bed)
  }, 180_000)

  afterAll(() => {
    life?.on.close()
    later?.on.close()
  })

  const step = (name: string, which: () => Life, body: (life: Life) => Promise<string>) =>
    test(name, async () => {
      const began = performance.now()
      const says = await body(which())
      const helm = which() === life ? bed[first].version : bed[second].version
      const row = `| ${helm} | ${name} | ${says} | ${((performance.now() - began) / 1000).toFixed(1)} |`
      rows.push(row)
      // At once, for the whole takes a quarter of an hour.
      process.stdout.write(`${row}\n`)
    }, 240_000)

  step(
    'fresh',
    () => life,
    async (on) => {
      const {installed} = await on.run(oldest())
      expect(names(on)).toEqual(['istio-base 1', 'istiod 1'])
      return installed.says
    },
  )

  step(
    'unchanged',
    () => life,
    async (on) => {
      const {installed} = await on.run(oldest())
      expect([installed.changed, names(on)]).toEqual([false, ['istio-base 1', 'istiod 1']])
      return installed.says
    },
  )

  step(
    'changed values',
    () => life,
    async (on) => {
      const {installed} = await on.run({...oldest(), values: `${bed.istiodValues}\npodAnnotations: {changed: "yes"}\n`})
      expect(names(on)).toEqual(['istio-base 1', 'istiod 2'])
      expect(
        on.kubectl(['-n', 'istio-system', 'get', 'deployment', 'istiod', '-o', 'jsonpath={.spec.template.metadata.annotations.changed}']),
      ).toBe('yes')
      return installed.says
    },
  )

  step(
    'upgrade by one minor',
    () => later,
    async (on) => {
      const {installed} = await on.run(next)
      expect(names(on)).toEqual(['istio-base 2', 'istiod 3'])
      const crds = on.kubectl([
        'get',
        'crds',
        '-l',
        'app.kubernetes.io/part-of=istio',
        '-o',
        'jsonpath={range .items[*]}{.metadata.labels.app\\.kubernetes\\.io/version} {end}',
      ])
      expect(new Set(crds.split(' ').filter(Boolean))).toEqual(new Set(['1.31.0']))
      return installed.says
    },
  )

  step(
    'a downgrade is refused',
    () => later,
    async (on) => {
      await expect(on.run(oldest())).rejects.toMatchObject({entry: 'version-jump'})
      expect(names(on)).toEqual(['istio-base 2', 'istiod 3'])
      return 'refused, nothing changed'
    },
  )

  step(
    'repaired after a kill in the middle of an upgrade',
    () => later,
    async (on) => {
      const values = `${bed.istiodValues}\npodAnnotations: {killed: "yes"}\n`
      await expect(on.run({...next, values}, {io: killing('istiod', on.on.io, on)})).rejects.toThrow(/ended by SIGKILL/)
      expect(on.releases()).toContainEqual(expect.stringMatching(/^istiod 4 pending-upgrade$/))
      const {installed} = await on.run({...next, values})
      expect(on.releases()).toEqual(['istio-base 2 deployed', 'istiod 6 deployed'])
      return `release left pending-upgrade; then ${installed.says}`
    },
  )

  step(
    'canary',
    () => later,
    async (on) => {
      on.kubectl(['apply', '-f', '-'], appsIn('alpha', {'istio-injection': 'enabled'}, ['web'], bed.images.echo))
      on.kubectl(['-n', 'alpha', 'wait', 'deployment', '--all', '--for=condition=Available', '--timeout=90s'])
      const asked = {'istio-version': '1.31.1', revision: 'canary', tags: 'prod', enroll: 'true', namespaces: 'alpha'}
      const {moved} = await on.run(asked)
      expect([on.proxies('alpha'), names(on)]).toEqual([['web canary'], ['istio-base 4', 'istiod-canary 1']])
      const again = await on.run(asked)
      expect([again.installed.changed, again.moved?.changed]).toEqual([false, false])
      return moved?.says ?? ''
    },
  )

  step(
    'uninstall',
    () => later,
    async (on) => {
      const {says} = await on.remove({'purge-crds': 'true'})
      expect(on.releases()).toEqual([])
      expect(on.kubectl(['get', 'mutatingwebhookconfigurations,validatingwebhookconfigurations,crds', '-o', 'name'])).toBe('')
      return says
    },
  )
})

/** The real outside, but helm is killed as by a runner's last signal as soon as the release is on record as pending. */
function killing(release: string, io: Io, {on}: Life): Io {
  return {
    ...io,
    shell: {
      ...io.shell,
      async run(file, args, options) {
        if (args[0] !== 'upgrade' || args[1] !== release) return io.shell.run(file, args, options)
        let pid = 0
        const running = io.shell.run(file, args, {
          ...options,
          onStart: (child) => {
            pid = child.pid
            options.onStart?.(child)
          },
        })
        const pending = async () =>
          (await on.kube.list(releasesPath, ({metadata}) => metadata.labels?.['status'] ?? '')).includes('pending-upgrade')
        while (!(await pending())) await new Promise((done) => setTimeout(done, 50))
        process.kill(pid, 'SIGKILL')
        return running
      },
    },
  }
}
