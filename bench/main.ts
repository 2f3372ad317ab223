/**
 * `npm run bench -- core [--json] [--only NAME] [--memory SIZE] [--scale N] [--dir DIR]`: measures, prints, and leaves
 * judging to people.
 */
import { mkdirSync, mkdtempSync, rmSync, statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { latest } from './benches/latest.ts'
import { ledgerRates } from './benches/ledger-rates.ts'
import { memory } from './benches/memory.ts'
import { nothingToDo } from './benches/nothing-to-do.ts'
import { pushdownBackfill } from './benches/backfill.ts'
import { spool } from './benches/spool.ts'
import { resultsText } from './results-text.ts'
import { type BenchContext, Missing, type Result, Skipped } from './result.ts'

interface Bench {
  readonly run: (ctx: BenchContext) => Promise<readonly Result[]>
  /** free space that it needs at most */
  readonly gib: number
}

const SUITES: Readonly<Record<string, Readonly<Record<string, Bench>>>> = {
  core: {
    'nothing-to-do': { run: nothingToDo, gib: 1 },
    'pushdown-backfill-5m': { run: pushdownBackfill('pushdown-backfill-5m', 5), gib: 5 },
    'pushdown-backfill-20m': { run: pushdownBackfill('pushdown-backfill-20m', 20), gib: 20 },
    'latest-1m-into-10m': { run: latest, gib: 20 },
    'spool-5m': { run: spool, gib: 8 },
    'ledger-commits': { run: ledgerRates, gib: 1 },
    memory: { run: memory, gib: 10 },
  },
}

interface Where extends Pick<BenchContext, 'scale' | 'memory'> {
  readonly dir: string
}

const USAGE = `usage: npm run bench -- ${Object.keys(SUITES).join(' | ')} [--json] [--only NAME] [--memory SIZE] [--scale N] [--dir DIR]`

class Usage extends Error {}

const say = (text: string): void => void process.stderr.write(`${text}\n`)

try {
  const { suite, benches, json, ...where } = parse(process.argv.slice(2))
  const results: Result[] = []
  for (const [name, bench] of benches) results.push(...(await runBench(name, bench, where)))
  process.stdout.write(json ? `${JSON.stringify({ bench: suite, results }, null, 2)}\n` : resultsText(results))
} catch (error) {
  if (!(error instanceof Usage || error instanceof Missing)) throw error
  say(error instanceof Missing ? `missing: ${error.message}` : `${error.message}\n${USAGE}`)
  process.exitCode = 2
}

function parse(argv: readonly string[]) {
  try {
    const { values, positionals } = parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        json: { type: 'boolean', default: false },
        only: { type: 'string', multiple: true },
        memory: { type: 'string' },
        scale: { type: 'string', default: '1' },
        dir: { type: 'string', default: tmpdir() },
      },
    })
    const [suite = '', ...more] = positionals
    const all = Object.hasOwn(SUITES, suite) ? SUITES[suite] : undefined
    if (all === undefined || more.length > 0)
      throw new Usage(suite === '' ? 'which bench?' : `no bench ${positionals.join(' ')}`)
    const unknown = (values.only ?? []).find((name) => !Object.hasOwn(all, name))
    if (unknown !== undefined) throw new Usage(`${suite} has no ${unknown}; it has ${Object.keys(all).join(', ')}`)
    const scale = Number(values.scale)
    if (!(scale > 0 && scale <= 1)) throw new Usage('--scale is more than 0, at most 1')
    const benches = Object.entries(all).filter(([name]) => values.only?.includes(name) ?? true)
    return { suite, benches, json: values.json, scale, memory: values.memory ?? null, dir: path.resolve(values.dir) }
  } catch (error) {
    if (error instanceof TypeError && 'code' in error) throw new Usage(error.message)
    throw error
  }
}

async function runBench(name: string, bench: Bench, { dir: parent, scale, memory }: Where): Promise<readonly Result[]> {
  mkdirSync(parent, { recursive: true })
  const { bavail, bsize } = statfsSync(parent)
  const [free, needed] = [bavail * bsize, bench.gib * scale * 1024 ** 3]
  if (free < needed)
    throw new Missing(`${name} needs ${Math.ceil(needed / 1024 ** 3)} GiB in ${parent}; --dir names another folder`)
  const dir = mkdtempSync(path.join(parent, 'tidemark-bench-'))
  say(name)
  try {
    return await bench.run({ dir, scale, memory, say })
  } catch (error) {
    if (!(error instanceof Skipped)) throw error
    say(`  skipped: ${error.message}`)
    return []
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}
