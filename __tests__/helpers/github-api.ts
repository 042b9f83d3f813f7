import {readFileSync} from 'node:fs'
import {createRequire} from 'node:module'
import {Ajv, type ValidateFunction} from 'ajv'
import formats from 'ajv-formats'

/** GitHub's own description of its REST API (@octokit/openapi), as far as the stand-in serves it. */
export interface GitHubApi {
  /** The operation a request means, with its path parameters; null when GitHub knows none. */
  find(method: string, path: string): {template: string; parameters: Record<string, string>} | null
  /** What is wrong with a request, or ''. */
  requestFault(method: string, template: string, given: {path: Record<string, string>; query: URLSearchParams; body: unknown}): string
  /** What is wrong with an answer, or ''; a status that the description omits must at least be GitHub's usual error. */
  answerFault(method: string, template: string, status: number, body: unknown): string
}

interface Parameter {
  name: string
  in: 'path' | 'query' | 'header'
  required?: boolean
  schema: {type?: string}
}

interface Content {
  content?: {'application/json'?: {schema: object}}
}

type Reference = {$ref: string}

interface Operation {
  parameters?: (Parameter | Reference)[]
  requestBody?: Content
  responses: Record<string, Content | Reference>
}

interface Description {
  paths: Record<string, Record<string, Operation>>
  components: Record<string, Record<string, object>>
}

/** Loads the description once (13 MB, a few hundred milliseconds). */
export function gitHubApi(): GitHubApi {
  const description = load()
  const ajv = new Ajv({strict: false, allErrors: true, coerceTypes: false, validateSchema: false, logger: false})
  formats.default(ajv)
  ajv.addSchema({$id: 'github', components: description.components}, 'github')
  const compiled = new Map<string, ValidateFunction>()

  return {
    find(method, path) {
      for (const [template, operations] of Object.entries(description.paths)) {
        if (operations[method.toLowerCase()] === undefined) continue
        const names = [...template.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? '')
        const long = (name: string) => {
          const parameters = operation(method, template).parameters ?? []
          return parameters.some((one) => 'x-multi-segment' in one && resolved<Parameter>(one).name === name)
        }
        const values = new RegExp(`^${template.replace(/\{(\w+)\}/g, (_, name: string) => (long(name) ? '(.+)' : '([^/]+)'))}$`).exec(path)
        if (values !== null) {
          return {template, parameters: Object.fromEntries(names.map((name, at) => [name, decodeURIComponent(values[at + 1] ?? '')]))}
        }
      }
      return null
    },
    requestFault(method, template, {path, query, body}) {
      const {parameters = [], requestBody} = operation(method, template)
      const known = parameters.map((parameter) => resolved<Parameter>(parameter))
      const unknown = [...query.keys()].filter((name) => !known.some((one) => one.in === 'query' && one.name === name))
      if (unknown.length > 0) return `unknown query parameter ${unknown.join(', ')}`
      for (const one of known) {
        const value = one.in === 'path' ? path[one.name] : one.in === 'query' ? (query.get(one.name) ?? undefined) : undefined
        if (value === undefined) continue
        const typed = one.schema.type === 'integer' ? Number(value) : value
        const fault = check(`${template} ${one.name}`, one.schema, typed)
        if (fault !== '') return `parameter ${one.name}: ${fault}`
      }
      const schema = requestBody?.content?.['application/json']?.schema
      if (schema === undefined) return body === undefined ? '' : 'a body where none is taken'
      const extra = Object.keys(body as object).filter((name) => !(name in ((schema as {properties?: object}).properties ?? {})))
      return extra.length > 0 ? `unknown field ${extra.join(', ')}` : check(`${method} ${template}`, schema, body)
    },
    answerFault(method, template, status, body) {
      const declared = operation(method, template).responses[String(status)]
      const schema = declared === undefined ? undefined : resolved<Content>(declared).content?.['application/json']?.schema
      return check(`${method} ${template} ${status}`, schema ?? {$ref: '#/components/schemas/basic-error', required: ['message']}, body)
    },
  }

  function operation(method: string, template: string): Operation {
    const found = description.paths[template]?.[method.toLowerCase()]
    if (found === undefined) throw new Error(`GitHub describes no ${method} ${template}`)
    return found
  }

  function resolved<T>(value: T | Reference): T {
    if (!('$ref' in (value as object))) return value as T
    const [, , kind = '', name = ''] = (value as Reference).$ref.split('/')
    return description.components[kind]?.[name] as T
  }

  function check(key: string, schema: object, value: unknown): string {
    const validate = compiled.get(key) ?? ajv.compile(JSON.parse(JSON.stringify(schema).replaceAll('"#/', '"github#/')))
    compiled.set(key, validate)
    return validate(value) ? '' : ajv.errorsText(validate.errors)
  }
}

function load(): Description {
  const path = createRequire(import.meta.url).resolve('@octokit/openapi/generated/api.github.com.json')
  return JSON.parse(readFileSync(path, 'utf8')) as Description
}
