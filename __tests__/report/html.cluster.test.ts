import {createRequire} from 'node:module'
import type {Browser, Page} from 'playwright-core'
import type {Report} from '../../src/model/report.ts'
import {htmlPage} from '../../src/report/html.ts'
import {type Opened, openBrowser, openPage} from './html-browser.ts'
import {busyReport} from './html-samples.ts'
import {bigReport, downReport, greenReport} from './samples.ts'

// In a real browser, which this file installs where it is missing; hence among the tests that need a machine of their own.
let browser: Browser
const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js')

beforeAll(async () => {
  browser = await openBrowser()
}, 600_000)
afterAll(async () => browser?.close())

async function open(report: Report, how: Parameters<typeof openPage>[2] = {}): Promise<Opened> {
  return openPage(browser, htmlPage(report), how)
}

const shownRows = (page: Page) => page.locator('#rows tbody tr:visible')

test.each<[string, Report, Parameters<typeof openPage>[2]]>([
  ['busy, light', busyReport(), {}],
  ['busy, dark', busyReport(), {colorScheme: 'dark'}],
  ['busy, narrow', busyReport(), {viewport: {width: 390, height: 844}}],
  ['green, dark', greenReport(), {colorScheme: 'dark'}],
  ['down, light', downReport(), {}],
  ['of 200 workloads', bigReport(200, 20), {}],
])(
  'the page %s: axe finds nothing, nothing is asked of the network, nothing is complained about, nothing sticks out',
  async (_, report, how) => {
    const {page, requests, complaints} = await open(report, {...how, bypassCSP: true})
    for (const fold of await page.locator('summary').all()) await fold.click()
    await page.addScriptTag({path: axe})
    const {violations, passes} = await page.evaluate<{violations: {id: string; nodes: {html: string}[]}[]; passes: unknown[]}>(
      "axe.run({runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']})",
    )
    expect(violations.map(({id, nodes}) => `${id}: ${nodes[0]?.html}`)).toEqual([])
    expect(passes.length).toBeGreaterThan(20)
    expect([requests, complaints]).toEqual([[], []])
    expect(await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth')).toBeLessThanOrEqual(0)
    await page.context().close()
  },
  60_000,
)

test('under its own policy: our script runs, a planted one does not, and nothing can be fetched', async () => {
  const {page, complaints} = await open(busyReport())
  expect(await page.locator('#count').textContent()).toBe('96 ports')
  expect(complaints).toEqual([])
  await page.evaluate("document.body.append(Object.assign(document.createElement('script'), {textContent: 'window.planted = 1'}))")
  expect(await page.evaluate('window.planted')).toBeUndefined()
  expect(await page.evaluate("fetch('https://example.invalid/').then(() => 'sent', () => 'refused')")).toBe('refused')
  expect(complaints.join('\n')).toMatch(/Content Security Policy/)
  await page.context().close()
}, 60_000)

test('the table: filtered by words, namespace and verdict, sorted by any column, with the keyboard', async () => {
  const {page} = await open(busyReport())
  await page.locator('#find').fill('orders 8080')
  expect(await shownRows(page).count()).toBe(1)
  expect(await page.locator('#count').textContent()).toBe('1 of 96 ports')
  await page.locator('#find').fill('')
  await page.locator('#space').selectOption('legacy')
  expect(await shownRows(page).count()).toBe(7)
  await page.locator('#filters input[value=violated]').focus()
  await page.keyboard.press('Space')
  expect(await shownRows(page).count()).toBe(3)
  await page.locator('#rows thead button', {hasText: 'Port'}).focus()
  await page.keyboard.press('Enter')
  expect(await shownRows(page).locator('td:nth-child(3)').allTextContents()).toEqual(['8080', '15021', 'undeclared'])
  expect(await page.locator('#rows th[aria-sort]').allTextContents()).toEqual(['Port'])
  await page.keyboard.press('Enter')
  expect(await shownRows(page).locator('td:nth-child(3)').allTextContents()).toEqual(['undeclared', '15021', '8080'])
  await page.context().close()
}, 60_000)

test('a long table starts short, shows all on demand, and a workload of the map leads to its row', async () => {
  const {page} = await open(bigReport(200, 150))
  expect(await shownRows(page).count()).toBe(100)
  await page.locator('#space').selectOption('team-1')
  await page.locator('.box a[href="#p120"]').focus()
  await page.keyboard.press('Enter')
  // The page hears of the new address a moment after the key.
  await page.locator('#p120').waitFor({state: 'visible', timeout: 10_000})
  expect(await shownRows(page).count()).toBe(400)
  await page.context().close()
}, 60_000)

test('a fix is copied as it stands, and the page says so', async () => {
  const {page} = await open(busyReport(), {permissions: ['clipboard-read', 'clipboard-write']})
  const fix = page.locator('#findings .copy').first()
  await fix.locator('button').click()
  expect(await page.evaluate('navigator.clipboard.readText()')).toBe(await fix.locator('pre').textContent())
  expect(await page.locator('#said').textContent()).toBe('Copied to the clipboard')
  await page.context().close()
}, 60_000)

test('without JavaScript all is visible and nothing pretends to work; on paper too', async () => {
  const {page} = await open(busyReport(), {javaScriptEnabled: false})
  expect(await shownRows(page).count()).toBe(96)
  expect(await page.locator('button:visible').count()).toBe(0)
  expect(await page.locator('#filters').isVisible()).toBe(false)
  await page.emulateMedia({media: 'print', colorScheme: 'dark'})
  expect(await page.locator('nav').isVisible()).toBe(false)
  expect(await page.locator('#checks td').first().isVisible()).toBe(true)
  await page.context().close()
}, 60_000)
