import type {Wire} from './wire-forms.ts'
import {dialDirectly} from './wire-dial.ts'
import {exchange} from './wire-exchange.ts'
import {greet} from './wire-greet.ts'
import {tunnel} from './wire-tunnel.ts'

/** The real connections of this machine. */
export function liveWire(): Wire {
  return {dial: dialDirectly, tunnel, greet, exchange}
}
