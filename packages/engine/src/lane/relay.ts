import type { Bring } from './bring-for.ts'

/** Both ends speak one bulk format: bytes pass from one server to the other undecoded, through this process. */
export const relay: Bring = (bench, tx, { relation, selection, split, part, rows }) =>
  bench.stage(tx, relation, selection, split, part, { lane: 'relay', knowsBadRows: rows.refused.length > 0 })
