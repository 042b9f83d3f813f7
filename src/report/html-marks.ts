import type {PortVerdict} from '../model/endpoint.ts'
import type {VerdictStatus} from '../model/report.ts'
import {type Html, html} from './html-text.ts'

/** Whatever has a mark: a row's verdict, the run's, a check's or a stage's status, a severity. */
export type Mark = PortVerdict | VerdictStatus | 'error' | 'warning' | 'info' | 'skipped' | 'done' | 'failed'

/** Port verdicts, worst first: the order of tables, legends and bars. */
export const portVerdicts: readonly PortVerdict[] = ['violated', 'unproven', 'configured', 'proven', 'exempt']

/** What a port verdict means, for the legend (interface.md, "The verdict, exactly"). */
export const verdictMeaning: Record<PortVerdict, string> = {
  violated: 'accepts plain text',
  unproven: 'proof was asked for and could not be had',
  configured: 'the policies demand mutual TLS, no live proof',
  proven: 'seen live to demand mutual TLS',
  exempt: 'left aside, with a reason',
}

/** A verdict as a sign whose shape differs as its colour does: never colour alone. The word stands beside it. */
export function mark(name: Mark): Html {
  return html`<svg class="m ${tone[name]}" aria-hidden="true"><use href="#m-${shape[name]}"/></svg>`
}

/** The same inside a drawing, its centre at (x, y). */
export function markAt(name: Mark, x: number, y: number): Html {
  return html`<use href="#m-${shape[name]}" class="${tone[name]}" x="${x - 8}" y="${y - 8}" width="16" height="16"/>`
}

/** A sign and a word as a badge; the word is the mark's own unless another says it better. */
export function badge(name: Mark, word: string = name): Html {
  return html`<span class="b ${tone[name]}">${mark(name)}${word}</span>`
}

/** The class that colours by a verdict. */
export const tone: Record<Mark, string> = {
  ...{violated: 'bad', fail: 'bad', error: 'bad', failed: 'bad'},
  ...{unproven: 'unsure', unknown: 'unsure', warning: 'unsure'},
  ...{configured: 'set', info: 'set'},
  ...{proven: 'good', pass: 'good', done: 'good'},
  ...{exempt: 'aside', skipped: 'aside'},
}

const shape: Record<Mark, string> = {
  ...{violated: 'cross', fail: 'cross', error: 'cross', failed: 'cross'},
  ...{unproven: 'ask', unknown: 'ask', warning: 'warn'},
  ...{configured: 'ring', info: 'info'},
  ...{proven: 'tick', pass: 'tick', done: 'tick'},
  ...{exempt: 'dash', skipped: 'dash'},
}

/** The signs, defined once per page: an octagon, a diamond, a triangle, a ring, discs. */
export const symbols: Html = html`<svg width="0" height="0" class="defs" aria-hidden="true" focusable="false">
<symbol id="m-cross" viewBox="0 0 16 16"><path class="f" d="M5 .5h6l4.5 4.500v6L11 15.500H5L.5 11V5z"/><path class="s" d="M5.3 5.300l5.4 5.400m0-5.400l-5.4 5.4"/></symbol>
<symbol id="m-ask" viewBox="0 0 16 16"><path class="f" d="M8 0l8 8-8 8-8-8z"/><path class="s" d="M6.2 6.400a1.8 1.8 0 1 1 2.6 1.600c-.6.3-.8.6-.8 1.200m0 2v.1"/></symbol>
<symbol id="m-warn" viewBox="0 0 16 16"><path class="f" d="M8 .8L15.8 14.800H.2z"/><path class="s" d="M8 5.800v4m0 2.400v.1"/></symbol>
<symbol id="m-ring" viewBox="0 0 16 16"><circle class="o" cx="8" cy="8" r="6.8"/><path class="ot" d="M4.8 8.200l2.2 2.3 4.2-4.8"/></symbol>
<symbol id="m-info" viewBox="0 0 16 16"><circle class="o" cx="8" cy="8" r="6.8"/><path class="ot" d="M8 7.300v4m0-6.700v.1"/></symbol>
<symbol id="m-tick" viewBox="0 0 16 16"><circle class="f" cx="8" cy="8" r="7.6"/><path class="s" d="M4.8 8.200l2.2 2.3 4.2-4.8"/></symbol>
<symbol id="m-dash" viewBox="0 0 16 16"><circle class="o" cx="8" cy="8" r="6.8"/><path class="ot" d="M5 8h6"/></symbol>
</svg>`
