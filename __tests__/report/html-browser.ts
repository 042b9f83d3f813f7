import {spawnSync} from 'node:child_process'
import {existsSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {type Browser, chromium, type Page} from 'playwright-core'

/** A headless browser that talks to nobody, Debian's chromium, installed by apt-get where it is missing. Close it. */
export async function openBrowser(): Promise<Browser> {
  if (!existsSync(program)) {
    for (const args of [['update'], ['install', '-y', '--no-install-recommends', 'chromium', 'fonts-liberation']]) {
      const {status, stderr} = spawnSync('apt-get', args, {encoding: 'utf8', env: {...process.env, DEBIAN_FRONTEND: 'noninteractive'}})
      if (status !== 0) throw new Error(`\`apt-get ${args.join(' ')}\` failed, and the page's tests need \`${program}\`: ${stderr}`)
    }
  }
  return chromium.launch({executablePath: program, args: flags})
}

/** A page of a file, with what it asked of the network and what it complained about. */
export interface Opened {
  page: Page
  requests: string[]
  complaints: string[]
}

/** Opens the text of a page as a file, as people do who downloaded it. */
export async function openPage(browser: Browser, text: string, how: Parameters<Browser['newContext']>[0] = {}): Promise<Opened> {
  const folder = mkdtempSync(join(tmpdir(), 'html-page-'))
  const file = join(folder, 'report.html')
  writeFileSync(file, text)
  const context = await browser.newContext({viewport: {width: 1280, height: 900}, ...how})
  context.on('close', () => rmSync(folder, {recursive: true, force: true}))
  const page = await context.newPage()
  const [requests, complaints]: [string[], string[]] = [[], []]
  page.on('request', (request) => {
    if (!request.url().startsWith(`file://${file}`)) requests.push(request.url())
  })
  page.on('console', (message) => complaints.push(message.text()))
  page.on('pageerror', (error) => complaints.push(String(error)))
  await page.goto(`file://${file}`)
  return {page, requests, complaints}
}

const program = '/usr/bin/chromium'
const flags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]
