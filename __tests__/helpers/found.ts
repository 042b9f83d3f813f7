import {checks} from '../../src/checks/index.ts'
import {runChecks} from '../../src/checks/run.ts'
import type {CheckResult} from '../../src/model/check.ts'
import {refText} from '../../src/model/ref.ts'
import type {Snapshot} from '../../src/model/snapshot.ts'

/** `M301 Kind namespace/name` of every finding of all checks, sorted; info findings only of the codes named. */
export function found(snapshot: Snapshot, infoCodes: readonly string[] = []): string[] {
  const findings = results(snapshot).flatMap(({code, findings}) =>
    findings.filter(({severity}) => severity !== 'info' || infoCodes.includes(code)).map(({subject}) => `${code} ${refText(subject)}`),
  )
  return findings.sort()
}

/** Everything all checks say. */
export function results(snapshot: Snapshot): CheckResult[] {
  return runChecks(checks, snapshot, {ignore: []})
}
