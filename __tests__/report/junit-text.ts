import {junit} from '../../src/report/junit.ts'

/** The file as one text. */
export function junitText(...given: Parameters<typeof junit>): string {
  return [...junit(...given)].join('')
}
