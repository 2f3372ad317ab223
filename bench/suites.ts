/** What `npm run bench -- SUITE` measures. */
import { pushdownBackfill } from './benches/backfill.ts'
import { latest } from './benches/latest.ts'
import { ledgerRates } from './benches/ledger-rates.ts'
import { memory } from './benches/memory.ts'
import { nothingToDo } from './benches/nothing-to-do.ts'
import { deltaInBatches, latestInto } from './benches/postgres/delta.ts'
import { fullLoad } from './benches/postgres/full-load.ts'
import { linear } from './benches/postgres/linear.ts'
import { parquetToPg, pgToParquet } from './benches/postgres/parquet.ts'
import { peers } from './benches/postgres/peers.ts'
import { detect, detectVsPandas, large, unchanged } from './benches/snapshots.ts'
import { spool } from './benches/spool.ts'
import { read } from './benches/sqlserver/read.ts'
import { write } from './benches/sqlserver/write.ts'
import { needPsql } from './postgres/psql.ts'
import type { BenchContext, Result } from './result.ts'
import { needServer } from './sqlserver/bench-server.ts'

export interface Bench {
  readonly run: (ctx: BenchContext) => Promise<readonly Result[]>
  /** free space that it needs at most */
  readonly gib: number
  /** run only where `--only` names it */
  readonly onlyNamed?: boolean
}

export interface Suite {
  /** throws `Missing` where the machine lacks something, before the first bench */
  readonly need: (say: (text: string) => void) => void
  readonly benches: Readonly<Record<string, Bench>>
}

export const SUITES: Readonly<Record<string, Suite>> = {
  core: {
    need: () => {},
    benches: {
      'nothing-to-do': { run: nothingToDo, gib: 1 },
      'pushdown-backfill-5m': { run: pushdownBackfill('pushdown-backfill-5m', 5), gib: 5 },
      'pushdown-backfill-20m': { run: pushdownBackfill('pushdown-backfill-20m', 20), gib: 20 },
      'latest-1m-into-10m': { run: latest, gib: 20 },
      'spool-5m': { run: spool, gib: 8 },
      'ledger-commits': { run: ledgerRates, gib: 1 },
      memory: { run: memory, gib: 10 },
    },
  },
  postgres: {
    need: needPsql,
    benches: {
      'full-load-5m': { run: fullLoad('full-load-5m', 'bigint'), gib: 10 },
      'full-load-uuid': { run: fullLoad('full-load-uuid', 'uuid'), gib: 10 },
      'latest-1m-into-10m': { run: latestInto('latest-1m-into-10m', 10), gib: 20 },
      'delta-1m-of-20m': { run: deltaInBatches('delta-1m-of-20m', 20), gib: 32 },
      'pg-to-parquet': { run: pgToParquet, gib: 12 },
      'parquet-to-pg': { run: parquetToPg, gib: 12 },
      linear: { run: linear, gib: 24 },
      peers: { run: peers, gib: 20, onlyNamed: true },
    },
  },
  snapshots: {
    need: () => {},
    benches: {
      detect: { run: detect, gib: 16 },
      'detect-vs-pandas': { run: detectVsPandas, gib: 12 },
      'second-unchanged': { run: unchanged, gib: 12 },
      large: { run: large, gib: 40, onlyNamed: true },
    },
  },
  sqlserver: {
    need: needServer,
    benches: {
      read: { run: read, gib: 1 },
      write: { run: write, gib: 8 },
    },
  },
}
