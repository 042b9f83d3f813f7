import {spawn} from 'node:child_process'

// `npm run test:soak [-- FILE…]`: what takes longer than `npm test` may, one suite after the other; the last results stand in docs/soak.md.
const jest = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning', 'node_modules/jest/bin/jest.js']
const commands = [
  ['testbed/cli.ts', 'build'],
  [...jest, '--selectProjects', 'soak', '--runInBand', '--silent=false', ...process.argv.slice(2)],
]
for (const args of commands) {
  const code = await new Promise<number>((done) => {
    spawn(process.execPath, args, {stdio: ['ignore', 'inherit', 'inherit']}).on('exit', (status) => done(status ?? 1))
  })
  if (code !== 0) process.exit(code)
}
