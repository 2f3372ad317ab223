/** Our full load beside the loads of other tools, each into an empty database: for whom that choice stands before. */
import { mkdirSync, rmSync } from 'node:fs'
import path from 'node:path'
import { inTurn, measure, type Measured, type Measurement, secondsOf } from '../../child-task.ts'
import { type Databases, withDatabases } from '../../postgres/bench-server.ts'
import { loadWith, type PeerLoad, PEERS } from '../../postgres/peers.ts'
import { makeSource } from '../../postgres/postgres-project.ts'
import { psql } from '../../postgres/psql.ts'
import { type BenchContext, type Result, rows, runsOf } from '../../result.ts'
import { seconds } from '../../seconds.ts'
import { loadTask, measureLoad } from './full-load.ts'

const RUNS = 5
const FILE = import.meta.filename
const STREAMS = 2

/** Of version 15: what Debian's pgcopydb starts to read the schema refuses a newer server. */
const VERSION = '15'

interface PeerTask extends PeerLoad {
  readonly peer: string
}

/** A row for each peer that can be had: our seconds, and its own as the reference. */
export const peers = (ctx: BenchContext): Promise<readonly Result[]> =>
  withDatabases(
    ctx,
    async (databases) => {
      const names = Object.keys(PEERS).filter((name) => canBeHad(name, ctx))
      if (names.length === 0) return []
      const n = rows(5_000_000, ctx)
      ctx.say(`  making ${n} rows`)
      makeSource(databases.source, n, 'bigint')
      const ours = loadTask(ctx, databases, n, STREAMS)
      const sides: Record<string, Measurement> = { ours: () => measureLoad('ours', databases, 'bigint', ours) }
      const able: string[] = []
      for (const name of names) if (await canLoad(name, ctx, databases, n)) able.push(name)
      for (const name of able) sides[name] = () => measurePeer(name, ctx, databases, n)
      const m = await inTurn(runsOf(RUNS, ctx), sides, ctx.say)
      return able.map((name) => secondsOf(`beside-${name}`, m['ours'] ?? [], m[name] ?? []))
    },
    VERSION,
  )

const folderOf = (name: string, { dir }: BenchContext): string => path.join(dir, name)

function canBeHad(name: string, ctx: BenchContext): boolean {
  mkdirSync(folderOf(name, ctx))
  const reason = PEERS[name]?.obtain(folderOf(name, ctx), ctx.say) ?? null
  if (reason !== null) ctx.say(`  ${name} is skipped: ${reason}`)
  return reason === null
}

/** Tried once before anything is measured: one that cannot is said, and the others go on. */
async function canLoad(name: string, ctx: BenchContext, databases: Databases, n: number): Promise<boolean> {
  try {
    await measurePeer(name, ctx, databases, n)
    return true
  } catch (error) {
    const [first = ''] = /Error: (?!peers)(.*)/.exec(String(error))?.slice(1) ?? []
    ctx.say(`  ${name} is skipped, its load failed: ${first}`)
    return false
  }
}

/** One load, and a look that all rows came. */
async function measurePeer(peer: string, ctx: BenchContext, databases: Databases, n: number): Promise<Measured> {
  databases.emptyTarget()
  const dir = folderOf(peer, ctx)
  rmSync(path.join(dir, 'work'), { recursive: true, force: true })
  mkdirSync(path.join(dir, 'work'))
  const task: PeerTask = { peer, dir, source: databases.source, target: databases.target }
  const measured = await measure(FILE, 'load', task)
  const arrived = psql(databases.target, `SELECT count(*) FROM ${PEERS[peer]?.table}`)
  if (arrived !== String(n)) throw new Error(`${peer}: ${arrived} rows arrived of ${n}`)
  return measured
}

/** In a child: the peer's own program, from its start to its end. */
export const load = (given: unknown): Promise<number> => {
  const { peer, ...task } = given as PeerTask
  const known = PEERS[peer]
  if (known === undefined) throw new TypeError(`no peer ${peer}`)
  return seconds(() => loadWith(known, task))
}
