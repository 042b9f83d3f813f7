import {spawnSync} from 'node:child_process'
import {copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {createRequire} from 'node:module'
import {tmpdir} from 'node:os'
import {basename, join} from 'node:path'
import {marked} from 'marked'
import {bigReport, downReport, greenReport, redReport} from '../__tests__/report/samples.ts'
import type {Report} from '../src/model/report.ts'
import {commentBody, markerOf} from '../src/report/comment.ts'
import {briefSummary, summary} from '../src/report/summary.ts'

/*
 * Shows Markdown as GitHub would, as a page and as a picture: `node scripts/preview.ts [FILE.md …]`.
 * Without files it draws the sample reports, and keeps the red one as docs/images/summary.png.
 */
const out = join(process.cwd(), 'preview-output')
const css = readFileSync(createRequire(import.meta.url).resolve('github-markdown-css/github-markdown-light.css'), 'utf8')
mkdirSync(out, {recursive: true})

const files = process.argv.slice(2)
const pages = files.length > 0 ? files.map((file) => [basename(file, '.md'), readFileSync(file, 'utf8')] as const) : samplePages()
for (const [name, markdown] of pages) {
  console.log(picture(name, markdown))
}
if (files.length === 0) {
  mkdirSync('docs/images', {recursive: true})
  copyFileSync(join(out, 'summary-red.png'), 'docs/images/summary.png')
}

function samplePages(): [string, string][] {
  const reports: [string, Report][] = [
    ['red', redReport()],
    ['green', greenReport()],
    ['down', downReport()],
    ['many', bigReport(1000, 40)],
  ]
  return reports.flatMap(([name, report]) => [
    [`summary-${name}`, summary(report)] as [string, string],
    [`brief-${name}`, briefSummary(report)] as [string, string],
    [
      `comment-${name}`,
      commentBody(report, markerOf(report, {workflow: 'preview', job: 'mesh'}, ''), 'https://github.com/octo-org/shop/actions/runs/4711'),
    ] as [string, string],
  ])
}

/** Writes NAME.md, NAME.html and NAME.png; returns the picture's path. */
function picture(name: string, markdown: string): string {
  const page = join(out, `${name}.html`)
  writeFileSync(join(out, `${name}.md`), markdown)
  writeFileSync(page, html(markdown))
  const profile = mkdtempSync(join(tmpdir(), 'chromium-'))
  const flags = [
    '--headless',
    '--no-sandbox',
    '--disable-gpu',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
    '--hide-scrollbars',
  ]
  const target = join(out, `${name}.png`)
  const shown = spawnSync(
    'chromium',
    [...flags, `--user-data-dir=${profile}`, '--window-size=1012,1150', `--screenshot=${target}`, `file://${page}`],
    {encoding: 'utf8'},
  )
  rmSync(profile, {recursive: true, force: true})
  if (shown.status !== 0)
    throw new Error(`chromium could not draw \`${page}\`: ${shown.error?.message ?? shown.stderr}. Install it: apt-get install -y chromium`)
  return target
}

/** The page around a summary on github.com: the same style sheet, width and padding. */
function html(markdown: string): string {
  return `<!doctype html><meta charset="utf-8"><style>${css}
body { margin: 0; background: #fff; } .markdown-body { box-sizing: border-box; max-width: 1012px; padding: 24px 32px; }</style>
<article class="markdown-body">${marked.parse(markdown.replace(/```mermaid[\s\S]*?```/g, '_(a diagram, which GitHub draws)_'), {gfm: true, async: false})}</article>`
}
