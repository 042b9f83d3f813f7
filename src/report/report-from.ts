import {type OutputUnit, type Schema, Validator} from '@cfworker/json-schema'
import {Failure} from '../model/failure.ts'
import type {Report, Terms} from '../model/report.ts'
import {quoted} from './words.ts'
import schema from './report.schema.json' with {type: 'json'}

/**
 * A `report.json` of an earlier run, held against its schema: fields that a later version of the action added are let be, for within a version
 * they are only added. null for a text that is no report. Throws a `Failure` for one of another version or one that breaks the schema.
 */
export function reportFrom(text: string, file: string): Report | null {
  const value = jsonFrom(text)
  if (value === null || !['verdict', 'endpoints', 'results', 'counts'].every((field) => field in value)) return null
  if (value['version'] !== 1) {
    throw new Failure(
      `${quoted(file)} is a report of version ${quoted(JSON.stringify(value['version']) ?? 'unknown')}, and only version 1 can be read`,
      {
        cure: 'Make the report again with this version of the action.',
        entry: 'report-version',
      },
    )
  }
  const {valid, errors} = validator().validate(value)
  if (!valid) {
    throw new Failure(`${quoted(file)} is no report as this action writes them: ${quoted(firstMistake(errors))}`, {
      cure: 'Use a `report.json` as the action wrote it, whole and unchanged.',
      entry: 'report-unreadable',
    })
  }
  return {...(value as unknown as Report), terms: (value['terms'] as Terms | undefined) ?? strictest}
}

/** What an older report was judged on is not known: then nothing is taken to be excused. */
const strictest: Terms = {
  require: 'proven',
  failOn: 'error',
  minCoverage: 100,
  allowEmpty: false,
  mtlsMode: 'STRICT',
  gate: 'all',
  ignore: [],
}

function jsonFrom(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : null
  } catch {
    return null
  }
}

let made: Validator | undefined

function validator(): Validator {
  made ??= new Validator(open(schema) as Schema, '2020-12', true)
  return made
}

/** The schema without the ban on fields it does not know. */
function open(part: unknown): unknown {
  if (Array.isArray(part)) return part.map(open)
  if (typeof part !== 'object' || part === null) return part
  return Object.fromEntries(
    Object.entries(part)
      .filter(([name, value]) => !(name === 'additionalProperties' && value === false))
      .map(([name, value]) => [name, open(value)]),
  )
}

/** The deepest place that is wrong: the ones above it only repeat that something below is. */
function firstMistake(errors: OutputUnit[]): string {
  const [deepest] = [...errors].sort((left, right) => right.instanceLocation.length - left.instanceLocation.length)
  return deepest === undefined ? 'it breaks the schema' : `${deepest.instanceLocation}: ${deepest.error}`
}
