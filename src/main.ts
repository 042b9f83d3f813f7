import {readBaseline} from './baseline.ts'
import {readBundle} from './bundle.ts'
import {contextFrom} from './context.ts'
import {deliver, deliverFailure, prepareReportDir} from './deliver.ts'
import {inputsFrom} from './inputs.ts'
import {liveIo} from './io/live.ts'
import {keepNurserySmall} from './io/nursery.ts'
import {withPullRequest} from './pull-request.ts'
import {mergedReport, readReports} from './merge.ts'
import {mergeFails} from './report/merge.ts'
import {stepFails} from './report/verdict.ts'
import {run} from './run.ts'
import {secretsIn} from './secrets.ts'
import {withValues} from './values.ts'
import {readWaivers} from './waivers.ts'

/** The action's entry: the real outside, one run, every channel, and the one place that fails the step. */
async function main(): Promise<void> {
  keepNurserySmall()
  const io = liveIo()
  try {
    for (const secret of secretsIn(io.runner.env)) io.runner.mask(secret)
    const event = await contextFrom(io)
    const {inputs: given, warnings} = inputsFrom(io.runner.env)
    const asked = await withValues(given, io)
    const {values, baseValues, cniValues, ztunnelValues} = asked
    for (const secret of secretsIn({}, [values, baseValues, cniValues, ztunnelValues])) io.runner.mask(secret)
    const bundle = await readBundle(asked, io)
    const inputs = bundle?.inputs ?? asked
    for (const warning of warnings) io.log.annotate('warning', warning)
    await prepareReportDir(inputs, io)
    const context = await withPullRequest(event, inputs.githubToken, io)
    const ledgers = await readWaivers(inputs, context, io)
    const baseline = await readBaseline(inputs, context, io)
    const reports = bundle === null ? await readReports(inputs, io) : null
    const ran =
      reports === null
        ? await run(
            inputs,
            {
              ...ledgers,
              baseline,
              bundle,
              ...(bundle === null ? {} : {ledger: bundle.ledger, pending: bundle.pending, baseline: bundle.baseline}),
            },
            context,
            io,
          )
        : {report: mergedReport(reports, inputs, baseline, context, io), snapshot: null, helmPath: ''}
    const isOutput = await deliver(ran, inputs, context, io)
    const fails = reports === null ? stepFails(ran.report, inputs) : mergeFails(ran.report)
    if (fails) io.runner.fail(ran.report.verdict.reason)
    else if (!isOutput) io.runner.fail('The outputs could not be written, so later steps would know no verdict.')
  } catch (thrown) {
    await deliverFailure(thrown, io)
    io.runner.fail(thrown instanceof Error ? thrown.message : String(thrown))
  } finally {
    await io.kubeconfigs.removeAll()
  }
}

await main()
