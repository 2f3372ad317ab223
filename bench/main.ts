/** `npm run bench -- core | postgres | snapshots | sqlserver [--only NAME] …`: measures, prints, and leaves judging to people. */
import { mkdirSync, mkdtempSync, rmSync, statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { resultsText } from './results-text.ts'
import { type BenchContext, Missing, type Result, Skipped } from './result.ts'
import { type Bench, SUITES } from './suites.ts'

interface Where extends Pick<BenchContext, 'scale' | 'memory' | 'runs'> {
  readonly dir: string
}

const USAGE = `usage: npm run bench -- ${Object.keys(SUITES).join(' | ')} [--json] [--only NAME] [--memory SIZE] [--scale N] [--runs N] [--dir DIR]`

class Usage extends Error {}

const say = (text: string): void => void process.stderr.write(`${text}\n`)

try {
  const { suite, benches, json, need, ...where } = parse(process.argv.slice(2))
  need(say)
  for (const [name, bench] of benches) needRoom(name, bench, where)
  const results: Result[] = []
  for (const [name, bench] of benches) results.push(...(await runBench(name, bench, where)))
  process.stdout.write(json ? `${JSON.stringify({ bench: suite, results }, null, 2)}\n` : resultsText(suite, results))
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
        runs: { type: 'string' },
        dir: { type: 'string', default: tmpdir() },
      },
    })
    const [suite = '', ...more] = positionals
    const all = Object.hasOwn(SUITES, suite) ? SUITES[suite] : undefined
    if (all === undefined || more.length > 0)
      throw new Usage(suite === '' ? 'which bench?' : `no bench ${positionals.join(' ')}`)
    const { need, benches: known } = all
    const unknown = (values.only ?? []).find((name) => !Object.hasOwn(known, name))
    if (unknown !== undefined) throw new Usage(`${suite} has no ${unknown}; it has ${Object.keys(known).join(', ')}`)
    const scale = Number(values.scale)
    if (!(scale > 0 && scale <= 1)) throw new Usage('--scale is more than 0, at most 1')
    const runs = values.runs === undefined ? null : Number(values.runs)
    if (runs !== null && !(Number.isInteger(runs) && runs > 0)) throw new Usage('--runs is a whole number, at least 1')
    const benches = Object.entries(known).filter(([name, b]) => values.only?.includes(name) ?? b.onlyNamed !== true)
    const [memory, dir] = [values.memory ?? null, path.resolve(values.dir)]
    return { suite, benches, need, json: values.json, scale, memory, runs, dir }
  } catch (error) {
    if (error instanceof TypeError && 'code' in error) throw new Usage(error.message)
    throw error
  }
}

function needRoom(name: string, { gib }: Bench, { dir, scale }: Where): void {
  mkdirSync(dir, { recursive: true })
  const { bavail, bsize } = statfsSync(dir)
  const needed = gib * scale * 1024 ** 3
  if (bavail * bsize < needed)
    throw new Missing(`${name} needs ${Math.ceil(needed / 1024 ** 3)} GiB in ${dir}; --dir names another folder`)
}

async function runBench(name: string, bench: Bench, { dir: parent, ...how }: Where): Promise<readonly Result[]> {
  const dir = mkdtempSync(path.join(parent, 'tidemark-bench-'))
  say(name)
  try {
    return await bench.run({ ...how, dir, say })
  } catch (error) {
    if (!(error instanceof Skipped)) throw error
    say(`  skipped: ${error.message}`)
    return []
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}
