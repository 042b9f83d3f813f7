import type {Diagnostics, Report} from '../model/report.ts'
import {redacted} from './redact.ts'

/** Stages and steps with their times, in plain text; a failed one with its cure. */
export function timings({stages}: Report): string {
  const line = (ms: number, name: string, says: string) => `${String(Math.round(ms)).padStart(8)} ms  ${name}: ${plain(says)}`
  return `${stages
    .flatMap(({name, status, ms, says, steps, cure, entry}) => [
      line(ms, `${name} (${status})`, says),
      ...steps.map((step) => line(step.ms, `  ${step.name}`, step.says)),
      ...(status === 'failed' ? [`             cure: ${plain(cure)}`, `             docs/troubleshooting.md#${entry}`] : []),
    ])
    .join('\n')}\n`
}

/** The page on top of the bundle, in plain words. */
export function readme(report: Report, {first, files, withheld}: Diagnostics): string {
  return `# Diagnostics of istio-mtls-action

Verdict \`${report.verdict.status}\`, seen ${plain(report.takenAt)}. Look first at \`${first.file}\`: ${plain(first.why)}.

Judge it again, anywhere and without the cluster, by giving this folder to the action as \`from\`: the same scope, terms, waivers and stages, and so the same verdict.

## What is here
${files.map(({name, says}) => `- \`${name}\`: ${plain(says)}`).join('\n')}
${withheld.length === 0 ? '' : `\n## What is not\n${withheld.map((each) => `- ${plain(each)}`).join('\n')}\n`}
## What never is
Secrets, environment values, container arguments, helm values, access logs, and lines of a log that Istio's own programs did not write. What looks like a credential in the others is \`(redacted)\`. Object names, images, labels and
addresses of pods are in here: treat the bundle as you treat the names of your workloads.
`
}

/** Foreign text on a line of its own, where it neither ends it nor is a runner's command. */
function plain(text: string): string {
  return redacted(text)
    .toWellFormed()
    .replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ')
    .replaceAll('##[', '## [')
    .trim()
    .slice(0, 2000)
}
