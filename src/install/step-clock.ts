import type {Io} from '../io/io.ts'
import type {Outcome} from '../model/report.ts'

/** Times the named parts of a stage, so that the report can show each beside its bare counterpart. */
export interface StepClock {
  time<T>(name: string, body: () => Promise<T>, says: (value: T) => string): Promise<T>
  all: Outcome['steps']
}

/** A step clock on the run's own clock; a step that throws is not recorded, its error says enough. */
export function stepClock(io: Pick<Io, 'clock' | 'log'>): StepClock {
  const all: Outcome['steps'] = []
  return {
    all,
    async time(name, body, says) {
      const began = io.clock.ticks()
      const value = await body()
      const step = {name, ms: Math.round(io.clock.ticks() - began), says: says(value)}
      all.push(step)
      io.log.line(`${name}: ${step.says} (${step.ms} ms)`)
      return value
    },
  }
}
