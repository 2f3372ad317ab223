import type { Bring } from './bring-for.ts'

/** One engine sees both ends: the batch is staged by one statement inside it, and no row passes through this process. */
export const pushdown: Bring = (bench, tx, { relation, selection, split, part }) =>
  bench.stage(tx, relation, selection, split, part, { lane: 'pushdown', knowsBadRows: false })
