import {contextFrom} from '../../src/context.ts'
import {inputsFrom} from '../../src/inputs.ts'
import {liveIo} from '../../src/io/live.ts'
import {run} from '../../src/run.ts'
import {withValues} from '../../src/values.ts'
import {type Crash, crashingIo} from '../helpers/crashing-io.ts'

// main.ts up to the report, on an outside that crashes at the point that the environment names. A process of its own, for it is killed.

const io = crashingIo(liveIo(), {
  at: process.env['CRASH_LIKE'] ? new RegExp(process.env['CRASH_LIKE']) : Number(process.env['CRASH_AT']),
  crash: process.env['CRASH'] as Crash,
  journal: process.env['CRASH_JOURNAL'] ?? '',
  duringMs: Number(process.env['CRASH_DURING_MS']),
})
try {
  const context = await contextFrom(io)
  const inputs = await withValues(inputsFrom(io.runner.env).inputs, io)
  const {report} = await run(inputs, {ledger: [], pending: []}, context, io)
  io.log.line(`verdict ${report.verdict.status}: ${report.verdict.reason}`)
  process.exitCode = report.verdict.status === 'pass' ? 0 : 1
} catch (thrown) {
  io.log.line(String(thrown))
  process.exitCode = 1
} finally {
  await io.kubeconfigs.removeAll()
}
