import {type ChildProcessByStdio, spawn} from 'node:child_process'
import {createInterface} from 'node:readline'
import type {Readable, Writable} from 'node:stream'
import type {KubeObject} from '../../src/io/io.ts'
import {oracleBinary} from './build.ts'

/** Modes by port; port 0 stands for all ports that nobody declares. */
export type Modes = Record<string, string>

/** What testbed/oracle/request.go takes. */
export interface Question {
  kind: 'sidecar' | 'listeners' | 'ambient' | 'client' | 'injection'
  revision: string
  objects: KubeObject[]
  ports?: number[]
  calls?: OracleCall[]
}

/** A connection that a pod's sidecar makes; `client` is `namespace/name`, `subset` '' without. */
export interface OracleCall {
  client: string
  host: string
  port: number
  subset: string
}

/** What it answers; pods by `namespace/name`. */
export interface OracleAnswer {
  modes?: Record<string, Modes>
  own?: Record<string, number[]>
  possible?: Record<string, Modes[]>
  sends?: Record<string, string>[]
  injected?: Record<string, KubeObject | null>
}

/** Istio's own code behind a pipe: one process answers all questions of a test file. */
export class Oracle {
  readonly #process: ChildProcessByStdio<Writable, Readable, Readable>
  readonly #waiting = new Map<string, {answered: (answer: OracleAnswer) => void; failed: (error: Error) => void}>()
  #asked = 0
  #complaints = ''

  /** Starts it, built first where its sources changed. */
  static async start(): Promise<Oracle> {
    return new Oracle(await oracleBinary())
  }

  private constructor(binary: string) {
    this.#process = spawn(binary, {stdio: ['pipe', 'pipe', 'pipe']})
    this.#process.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#complaints = (this.#complaints + text).slice(-4000)
    })
    this.#process.on('error', (error) => this.#end(`the oracle does not start: ${error.message}`))
    this.#process.on('close', (code) => this.#end(`the oracle ended with ${code}: ${this.#complaints}`))
    // A broken pipe is told by `close`, with the reason.
    this.#process.stdin.on('error', () => {})
    createInterface({input: this.#process.stdout}).on('line', (line) => this.#hear(line))
  }

  /** Rejects when Istio's code refuses the question. */
  ask(question: Question): Promise<OracleAnswer> {
    const id = String(++this.#asked)
    return new Promise((answered, failed) => {
      this.#waiting.set(id, {answered, failed})
      this.#process.stdin.write(`${JSON.stringify({id, ...question})}\n`)
    })
  }

  close(): void {
    this.#process.stdin.end()
  }

  #hear(line: string): void {
    const {id, error, ...answer} = JSON.parse(line) as OracleAnswer & {id: string; error?: string}
    const waiting = this.#waiting.get(id)
    this.#waiting.delete(id)
    if (error === undefined) waiting?.answered(answer)
    else waiting?.failed(new Error(`the oracle cannot answer: ${error}`))
  }

  #end(why: string): void {
    for (const {failed} of this.#waiting.values()) failed(new Error(why))
    this.#waiting.clear()
  }
}
