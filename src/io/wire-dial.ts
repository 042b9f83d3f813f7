import {connect} from 'node:net'
import type {Dial} from './wire-forms.ts'
import {codeOf} from './retry.ts'
import {after} from './timer.ts'

/** A TCP connection from this machine itself: no proxy on the way, no other address tried. */
export const dialDirectly: Dial = (address, port, {timeoutMs}) =>
  new Promise((resolve) => {
    const socket = connect({host: address, port, autoSelectFamily: false})
    const timer = after(timeoutMs, () => {
      socket.destroy()
      resolve({unreached: `no connection within ${timeoutMs / 1000} s`})
    })
    const failed = (error: Error) => {
      clearTimeout(timer)
      resolve({unreached: words[codeOf(error)] ?? error.message})
    }
    socket.once('error', failed)
    socket.once('connect', () => {
      clearTimeout(timer)
      socket.off('error', failed)
      // Between two listeners an error must not end the process.
      socket.on('error', () => {})
      resolve({stream: socket})
    })
  })

const words: Record<string, string> = {
  ECONNREFUSED: 'connection refused',
  EHOSTUNREACH: 'no route to host',
  ENETUNREACH: 'network is unreachable',
  ETIMEDOUT: 'connection timed out',
}
