/** The whole command where nothing changed, in ms: what a schedule pays every few minutes. */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { runFlow } from '../bench-project.ts'
import { inFile } from '../duckdb-file.ts'
import { openWarmDuckdb, writeDuckdbProject } from '../duckdb-project.ts'
import { installCopy } from '../installed-copy.ts'
import { makeOrders } from '../order-table.ts'
import { quoted } from '../reference-session.ts'
import { type BenchContext, type Result, resultOf, rows, runsOf } from '../result.ts'

const RUNS = 10

/** The reference: Node, DuckDB's package with a warm compile cache, two files attached. No tool with DuckDB is below it. */
const twoFiles = (source: string, target: string): string => `
const module = require('module')
module.enableCompileCache()
const { DuckDBInstance } = module.createRequire(${JSON.stringify(import.meta.filename)})('@duckdb/node-api')
void (async () => {
  const db = await (await DuckDBInstance.create(':memory:')).connect()
  await db.run(${JSON.stringify(`ATTACH ${quoted(source)} AS s (READ_ONLY)`)})
  await db.run(${JSON.stringify(`ATTACH ${quoted(target)} AS t (READ_ONLY)`)})
  await db.run('SELECT count(*) FROM s.orders')
})()`

export async function nothingToDo(ctx: BenchContext): Promise<readonly Result[]> {
  const dir = path.join(ctx.dir, 'project')
  writeDuckdbProject(dir, {
    from: '{ kind: duckdb, path: source.duckdb }',
    table: 'orders',
    capture: '{ kind: watermark, position: modified_on, clock: utc, buffer: 0s }',
    apply: 'latest',
    memory: ctx.memory,
  })
  const source = path.join(dir, 'source.duckdb')
  await inFile(source, (db) => makeOrders(db, rows(100_000, ctx)))
  {
    await using app = await openWarmDuckdb(dir)
    await runFlow(app, 'bench.orders')
  }
  ctx.say('  building and installing a copy')
  const bin = installCopy(path.join(ctx.dir, 'installed'))
  const ours = () => timed([bin, 'run', 'bench.orders', '--project', dir], dir)
  const reference = () => timed(['-e', twoFiles(source, path.join(dir, 'target.duckdb'))], dir)
  ours()
  ours() // fills, then reads the compile cache
  reference()
  const [a, b]: [number[], number[]] = [[], []]
  for (let n = 0; n < runsOf(RUNS, ctx); n++) {
    a.push(ours())
    b.push(reference())
  }
  return [
    resultOf(
      'nothing-to-do',
      'ms',
      a,
      b,
      peakMb([bin, 'run', 'bench.orders', '--project', dir], path.join(ctx.dir, 'rss.txt')),
    ),
  ]
}

function timed(args: readonly string[], cwd: string): number {
  const startedAt = performance.now()
  const { status, stderr } = spawnSync(process.execPath, args, { cwd, encoding: 'utf8' })
  const ms = performance.now() - startedAt
  if (status !== 0) throw new Error(`exit ${status}: ${stderr}`)
  return ms
}

/** Of one more run, which is not timed. */
function peakMb(args: readonly string[], file: string): number {
  const say = `import { writeFileSync } from 'node:fs'
    import { peakMemoryMb } from ${JSON.stringify(new URL('../peak-memory.ts', import.meta.url).href)}
    process.on('exit', () => writeFileSync(${JSON.stringify(file)}, String(peakMemoryMb())))`
  timed([`--import=data:text/javascript,${encodeURIComponent(say)}`, ...args], path.dirname(file))
  return Number(readFileSync(file, 'utf8'))
}
