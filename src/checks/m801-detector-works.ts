import {check, finding} from '../model/check.ts'

/** Both sides of the run's control hold: the open port answers the prober and the closed one does not (live-evidence.md, section 2). */
export const detectorWorks = check({
  code: 'M801',
  slug: 'm801-detector-works',
  severity: 'error',
  needs: ['probes'],
  title: 'The prober sees plain text where it is known to be accepted',
  failure: 'The prober cannot be trusted',
  why: 'A prober that could not see plain text, or sees answers where nothing listens, would call every port refused: such silence proves nothing.',
  hint: 'Grant `get` on `pods/proxy`, and take proxies between the runner and the API server out of the way.',
  skip: ({probes}) => (probes ? null : 'live probes are off'),
  run({probes}) {
    const fix = 'kubectl auth can-i get pods/proxy --all-namespaces\nenv | grep -i _proxy'
    const sides = new Set(probes.controls.map(({expects}) => expects))
    if (sides.size < 2) {
      const missing = sides.has('answer') ? 'a closed port that must stay silent' : 'an open port that must answer'
      return probes.ports.length === 0 ? [] : [finding({kind: 'Probe', name: 'controls'}, `ports were probed without ${missing}`, {fix})]
    }
    return probes.controls
      .filter(({passed}) => !passed)
      .map(({name, expects, detail}) =>
        finding(
          {kind: 'Probe', name},
          `${expects === 'answer' ? 'an open port had to answer' : 'a closed port had to stay silent'}, but: ${detail}`,
          {fix},
        ),
      )
  },
})
