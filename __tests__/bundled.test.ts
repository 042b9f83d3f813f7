import {globSync, readFileSync} from 'node:fs'

// scripts/bundle.ts leaves undici out of dist/ (docs/adr/0007): that is right as long as no code in there comes to it.
const ours = globSync('src/**/*.ts')
const toolkit = globSync('node_modules/@actions/*/lib/**/*.js')
const client = 'node_modules/@actions/http-client/lib/index.js'
const linesWith = (files: string[], words: RegExp) =>
  files.flatMap((file) =>
    readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => words.test(line))
      .map((line) => [file, line.trim()]),
  )

test('the toolkit is where it is looked for', () => {
  expect(ours).toContain('src/io/github.ts')
  expect(toolkit).toContain(client)
})

test('undici is imported for its ProxyAgent alone, in one place', () => {
  expect(linesWith([...ours, ...toolkit], /['"]undici['"]/)).toEqual([[client, "import { ProxyAgent } from 'undici';"]])
})

test('the ProxyAgent is made for a dispatcher alone', () => {
  const [, maker = ''] = /\n {4}_getProxyAgentDispatcher\(.*?\{\n(.*?)\n {4}\}\n/s.exec(readFileSync(client, 'utf8')) ?? []
  expect(maker.match(/\bProxyAgent\b/g)).toHaveLength(1)
  expect(linesWith([client], /\bProxyAgent\b/)).toHaveLength(2)
  expect(linesWith([...ours, ...toolkit], /_getProxyAgentDispatcher\(/)).toEqual([
    [client, 'return this._getProxyAgentDispatcher(parsedUrl, proxyUrl);'],
    [client, '_getProxyAgentDispatcher(parsedUrl, proxyUrl) {'],
  ])
})

test('nobody asks for a dispatcher', () => {
  expect(linesWith([...ours, ...toolkit], /getAgentDispatcher\b/)).toEqual([[client, 'getAgentDispatcher(serverUrl) {']])
})

// An `import` of node:http hands out every getter's value, and one of them loads node's own undici; `require` does not.
test.each(['dist/index.js', 'dist/post/index.js'])('%s imports no builtin that is dear to load', (file) => {
  const head = readFileSync(file, 'utf8').split('var ', 1)[0] ?? ''
  const imported = [...head.matchAll(/from\s*"([^"]+)"/g)].map(([, name]) => name)
  expect(imported).toContain('module')
  expect(imported.filter((name) => name !== 'module' && name !== 'node:path')).toEqual([])
})
