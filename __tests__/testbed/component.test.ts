import {spawn} from 'node:child_process'
import {afterEach, describe, expect, test} from '@jest/globals'
import {type Component, inOrder, type Running, StartError, startAll} from '../../testbed/component.ts'

const pids: number[] = []
afterEach(() => {
  for (const pid of pids.splice(0)) {
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // It ended by itself.
    }
  }
})

describe('the order of components', () => {
  test('follows what each needs, whatever the order of the list', () => {
    const list = [part('c', ['a', 'b']), part('b', ['a']), part('a')]
    expect(inOrder(list).map(({name}) => name)).toEqual(['a', 'b', 'c'])
  })

  test('is refused when they need each other', () => {
    expect(() => inOrder([part('a', ['b']), part('b', ['a']), part('c')])).toThrow('need each other in a circle: `a`, `b`')
  })

  test('is refused when a need is no component', async () => {
    await expect(startAll([part('a', ['ghost'])], {launch})).rejects.toThrow('`a` needs `ghost`, which is no component')
  })
})

describe('starting components', () => {
  test('starts each only when those it needs are ready and filled', async () => {
    const events: string[] = []
    let ready = false
    const slow = part('slow', [], {
      ready: async () => ready,
      fill: async () => {
        events.push('slow filled')
      },
    })
    const other = part('other')
    const last = part('last', ['slow', 'other'])
    await startAll([last, slow, other], {
      launch: (component) => {
        events.push(`launch ${component.name}`)
        return launch(component)
      },
      onReady: ({name}) => {
        events.push(`${name} ready`)
        if (name === 'other') ready = true
      },
    })
    expect(events.slice(0, 3)).toEqual(['launch slow', 'launch other', 'other ready'])
    expect(events.slice(3)).toEqual(['slow filled', 'slow ready', 'launch last', 'last ready'])
  })

  test('a condition has no process', async () => {
    const launched: string[] = []
    const condition: Component = {name: 'node', needs: ['a'], ready: async () => true}
    await startAll([part('a'), condition], {launch: recording(launched)})
    expect(launched).toEqual(['a'])
  })

  test('a process that ends fails the start at once, and nothing more starts', async () => {
    const launched: string[] = []
    const dying = part('dying', [], {command: ['sh', '-c', 'exit 3'], ready: async () => false})
    const failure = startAll([dying, part('after', ['dying'])], {launch: recording(launched)})
    await expect(failure).rejects.toThrow('`dying` did not start: it ended with code 3')
    await expect(failure).rejects.toBeInstanceOf(StartError)
    expect(launched).toEqual(['dying'])
  })

  test('a process that ends after it was ready, while another still starts, fails the start too', async () => {
    const brief = part('brief', [], {command: ['sleep', '0.2']})
    const never = part('never', [], {ready: async () => false})
    await expect(startAll([brief, never], {launch})).rejects.toThrow('`brief` did not start: it ended with code 0')
  })

  test('one that is never ready fails after its timeout and names the last reason', async () => {
    const never = part('never', [], {timeout: 0.2, ready: () => Promise.reject(new Error('connection refused'))})
    await expect(startAll([never], {launch})).rejects.toThrow('`never` did not start: it is not ready after 0.2 s: connection refused')
  })

  test('a fill that fails is a failed start', async () => {
    const full = part('full', [], {fill: () => Promise.reject(new Error('no room'))})
    await expect(startAll([full], {launch})).rejects.toThrow('`full` did not start: no room')
  })

  test('an abort ends it with the reason of the abort', async () => {
    const controller = new AbortController()
    const never = part('never', [], {ready: async () => false})
    const start = startAll([never], {launch, signal: controller.signal})
    controller.abort(new Error('Interrupted by SIGINT'))
    await expect(start).rejects.toThrow('Interrupted by SIGINT')
  })
})

function part(name: string, needs: string[] = [], more: Partial<Component> = {}): Component {
  return {name, needs, command: ['sleep', '30'], ready: async () => true, ...more}
}

function launch({command = []}: Component): Running {
  const child = spawn(command[0] as string, command.slice(1), {stdio: 'ignore'})
  if (child.pid) pids.push(child.pid)
  return {ended: new Promise((resolve) => child.on('exit', (code, signal) => resolve(signal ?? `code ${code}`)))}
}

function recording(launched: string[]): (component: Component) => Running {
  return (component) => {
    launched.push(component.name)
    return launch(component)
  }
}
