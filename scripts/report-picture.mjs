/**
 * `npm run picture`: plays the example orders-snapshots, opens its report in Chromium and writes docs/assets/snapshot-report.png,
 * which docs/modes.md shows. With a folder that was kept of the example, it opens that report.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { HAS_CHROMIUM, openFilePage } from '../packages/engine/test/support/chromium.ts'

const ROOT = path.resolve(import.meta.dirname, '..')
const PICTURE = path.join(ROOT, 'docs/assets/snapshot-report.png')

if (!HAS_CHROMIUM) throw new Error('/usr/bin/chromium is not there: apt-get install chromium')
const [kept] = process.argv.slice(2)
const project = kept ?? mkdtempSync(path.join(os.tmpdir(), 'tidemark-picture-'))
try {
  if (kept === undefined) {
    const main = path.join(ROOT, 'examples/play/main.ts')
    const argv = ['--conditions=tidemark-source', main, 'orders-snapshots', '--keep', project]
    const { status } = spawnSync(process.execPath, argv, { stdio: ['ignore', 'ignore', 'inherit'] })
    if (status !== 0) throw new Error(`the example ended with ${status}`)
  }
  await using opened = await openFilePage(path.join(project, 'data/report.html'), { width: 960, height: 1180 })
  await opened.page.screenshot({ path: PICTURE })
  process.stdout.write(`written: ${path.relative(ROOT, PICTURE)}\n`)
} finally {
  if (kept === undefined) rmSync(project, { recursive: true, force: true })
}
