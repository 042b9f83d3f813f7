import {readdirSync, readFileSync} from 'node:fs'
import {join} from 'node:path'

/** Where the CPU time of a run went, by room, in milliseconds, largest first; from what `node --cpu-prof --cpu-prof-dir=FOLDER src/main.ts` left. */
export function profileTable(folder: string): {part: string; ms: number}[] {
  const [file = ''] = readdirSync(folder).filter((name) => name.endsWith('.cpuprofile'))
  const {nodes, samples, timeDeltas} = JSON.parse(readFileSync(join(folder, file), 'utf8')) as Profile
  const parents = new Map(nodes.flatMap(({id, children = []}) => children.map((child) => [child, id] as const)))
  const byId = new Map(nodes.map((node) => [node.id, node]))
  const times = new Map<string, number>()
  for (const [at, id] of samples.entries()) {
    const part = partOf(id)
    times.set(part, (times.get(part) ?? 0) + (timeDeltas[at] ?? 0) / 1000)
  }
  return [...times].map(([part, ms]) => ({part, ms})).sort((a, b) => b.ms - a.ms)

  /** The nearest of our own functions above answers for what node did for it. */
  function partOf(id: number): string {
    const own = byId.get(id)?.callFrame.functionName ?? ''
    if (own === '(idle)' || own === '(garbage collector)' || own === '(program)') return own
    for (let at: number | undefined = id; at !== undefined; at = parents.get(at)) {
      const {url = '', functionName = ''} = byId.get(at)?.callFrame ?? {}
      const room = /\/src\/(?:([^/]+)\/)?[^/]+\.ts$/.exec(url)
      if (room !== null) return `src/${room[1] ?? '*'}`
      if (url.includes('esm/') || functionName === 'compileSourceTextModule') return 'loading modules'
    }
    return 'node'
  }
}

interface Profile {
  nodes: {id: number; callFrame: {functionName: string; url: string}; children?: number[]}[]
  samples: number[]
  timeDeltas: number[]
}
