import {Failure} from '../model/failure.ts'

/** A disk that is full or cannot be written, as a `Failure` that says so with its cure; whatever else was thrown as it is. */
export function diskFailure(thrown: unknown, path: string): unknown {
  const why = words[(thrown as NodeJS.ErrnoException | null)?.code ?? '']
  if (why === undefined) return thrown
  return new Failure(`The runner cannot write \`${path}\`: ${why}.`, {
    cure: 'Make room where `RUNNER_TEMP` lies, and let the runner write there: helm and its charts take 150 MB at most.',
    entry: 'runner-disk',
    cause: thrown,
  })
}

const words: Record<string, string> = {
  ENOSPC: 'no space left on device',
  EDQUOT: 'its quota is used up',
  EROFS: 'the file system is read-only',
  EACCES: 'permission denied',
}
