/** A page in a real browser: Debian's Chromium, with a profile of its own and no way out. */
import { existsSync, mkdtempDisposableSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { chromium, type Page } from 'playwright-core'

const PROGRAM = '/usr/bin/chromium'
export const HAS_CHROMIUM = existsSync(PROGRAM)

const QUIET = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

export interface OpenPage extends AsyncDisposable {
  readonly page: Page
  /** what it asked for besides itself */
  readonly requests: readonly string[]
  /** what it said to its console, and errors */
  readonly complaints: readonly string[]
}

export interface Look {
  readonly width: number
  readonly height: number
  readonly scheme?: 'light' | 'dark'
}

export async function openFilePage(file: string, { width, height, scheme = 'light' }: Look): Promise<OpenPage> {
  await using opening = new AsyncDisposableStack()
  const profile = mkdtempDisposableSync(path.join(os.tmpdir(), 'tidemark-chromium-'))
  opening.defer(async () => profile.remove())
  const context = await chromium.launchPersistentContext(profile.path, {
    executablePath: PROGRAM,
    headless: true,
    args: QUIET,
    viewport: { width, height },
    colorScheme: scheme,
  })
  opening.defer(() => context.close())
  const page = await context.newPage()
  const url = pathToFileURL(file).href
  const [requests, complaints]: [string[], string[]] = [[], []]
  page.on('request', (request) => {
    if (request.url() !== url) requests.push(request.url())
  })
  page.on('console', (message) => complaints.push(`${message.type()}: ${message.text()}`))
  page.on('pageerror', (error) => complaints.push(String(error)))
  await page.goto(url, { waitUntil: 'load' })
  const opened = opening.move()
  return { page, requests, complaints, [Symbol.asyncDispose]: () => opened.disposeAsync() }
}
