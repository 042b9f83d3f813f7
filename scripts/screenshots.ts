import {mkdirSync, readFileSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {openBrowser, openPage} from '../__tests__/report/html-browser.ts'
import {busyReport} from '../__tests__/report/html-samples.ts'
import {bigReport, downReport, greenReport, redReport} from '../__tests__/report/samples.ts'
import type {Report} from '../src/model/report.ts'
import {htmlPage} from '../src/report/html.ts'

/*
 * Pictures of the HTML page in a real browser: `node scripts/screenshots.ts [report.json …]`, into preview-output.
 * Without files it draws the sample reports, and keeps the first screens as docs/images/report-*.png.
 */
const out = join(process.cwd(), 'preview-output')
mkdirSync(out, {recursive: true})
mkdirSync('docs/images', {recursive: true})
const files = process.argv.slice(2)
const reports: [string, Report][] =
  files.length > 0
    ? files.map((file, at) => [`file-${at + 1}`, JSON.parse(readFileSync(file, 'utf8')) as Report])
    : [
        ['busy', busyReport()],
        ['red', redReport()],
        ['green', greenReport()],
        ['down', downReport()],
        ['many', bigReport(1000, 40)],
      ]

const looks = {
  light: {colorScheme: 'light', viewport: {width: 1280, height: 900}},
  dark: {colorScheme: 'dark', viewport: {width: 1280, height: 900}},
  narrow: {colorScheme: 'light', viewport: {width: 390, height: 844}},
} as const

const browser = await openBrowser()
try {
  for (const [name, report] of reports) {
    const page = htmlPage(report)
    writeFileSync(join(out, `${name}.html`), page)
    for (const [look, how] of Object.entries(looks)) {
      const opened = await openPage(browser, page, how)
      const path = join(out, `${name}-${look}.png`)
      await opened.page.screenshot({path, fullPage: true, ...(name === 'many' ? {clip: {x: 0, y: 0, ...how.viewport, height: 6000}} : {})})
      if (name === 'busy') await opened.page.screenshot({path: `docs/images/report-${look}.png`})
      if (name === 'busy' && look === 'light') await opened.page.locator('#map').screenshot({path: 'docs/images/report-mesh.png'})
      console.log(path, ...opened.requests, ...opened.complaints)
      await opened.page.context().close()
    }
  }
} finally {
  await browser.close()
}
