import {parseDocument} from 'yaml'
import type {Io} from './io/io.ts'
import {Failure, messageOf} from './model/failure.ts'
import type {Inputs} from './model/inputs.ts'

/** Replaces file names in `values`, `base-values`, `cni-values` and `ztunnel-values` by the files' text, and refuses what is not a YAML mapping. */
export async function withValues(inputs: Inputs, io: Pick<Io, 'files'>): Promise<Inputs> {
  return {
    ...inputs,
    values: await valuesText('values', inputs.values, io),
    baseValues: await valuesText('base-values', inputs.baseValues, io),
    cniValues: await valuesText('cni-values', inputs.cniValues, io),
    ztunnelValues: await valuesText('ztunnel-values', inputs.ztunnelValues, io),
  }
}

async function valuesText(input: string, given: string, io: Pick<Io, 'files'>): Promise<string> {
  if (given === '') return ''
  const isPath = !given.includes('\n') && !given.includes(': ') && !given.endsWith(':') && !given.startsWith('{')
  const text = isPath ? await fileText(input, given, io) : given
  const document = parseDocument(text)
  const mistake = document.errors[0]
  const value: unknown = mistake === undefined ? document.toJS() : null
  if (mistake === undefined && (value === null || (typeof value === 'object' && !Array.isArray(value)))) return text
  throw new Failure(
    `\`${input}\` is not a YAML mapping of helm values: ${mistake?.message.split('\n')[0] ?? `found ${JSON.stringify(value).slice(0, 60)}`}`,
    {
      cure: `Write \`${input}\` as YAML (\`pilot: {…}\`) or as the path of a YAML file.`,
      entry: 'inputs',
    },
  )
}

async function fileText(input: string, path: string, io: Pick<Io, 'files'>): Promise<string> {
  try {
    return await io.files.readText(path)
  } catch (thrown) {
    throw new Failure(`\`${input}\` names the file \`${path}\`, which cannot be read: ${messageOf(thrown)}`, {
      cure: 'Check the path (relative to the workspace) and that an earlier step checked the repository out.',
      entry: 'inputs',
      cause: thrown,
    })
  }
}
