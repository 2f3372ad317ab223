/** 2xxx: connections and files. */
import { definition, failed, held, type ErrorEntry } from './error-entry.ts'

export const CONNECTIONS = {
  TM2001: {
    title: 'cannot open',
    meaning: 'The database file does not exist or cannot be read.',
    remedy: ['mend the path of the connection: tidemark connections shows it'],
    ...definition,
  },
  TM2002: {
    title: 'file held by another process',
    meaning: 'A DuckDB file belongs to one process at a time, and another one has it open.',
    remedy: ['wait for it: --wait 5m', 'or end the process named above'],
    ...held,
  },
  TM2003: {
    title: 'not a database',
    meaning: 'The file is damaged, or is no DuckDB file.',
    remedy: ['restore it from a backup; the ledger then says what to load again'],
    ...definition,
  },
  TM2004: {
    title: 'no room left',
    meaning: 'The disk is full, or the limits of engine.memory and engine.temp are reached.',
    remedy: ['free room, then: tidemark resume --last'],
    ...failed,
  },
  TM2005: {
    title: 'connection lost',
    meaning: 'The database went away in the middle. The batch in flight was rolled back.',
    remedy: ['tidemark resume --last'],
    ...failed,
  },
} as const satisfies Record<`TM2${number}`, ErrorEntry>
