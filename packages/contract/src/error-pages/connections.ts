/** 2xxx: connections and files. */
import { definition, failed, held, type ErrorEntry } from './error-entry.ts'

export const CONNECTIONS = {
  TM2001: {
    title: 'cannot open',
    meaning: 'The database or its file does not exist, cannot be reached or read, or does not let us in.',
    remedy: ['mend the path or address of the connection: tidemark connections shows it'],
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
  TM2006: {
    title: 'no file matches',
    meaning: 'The path or pattern names no file below the folder of the connection. What is not there empties nothing.',
    remedy: ['mend the path of the flow; what is there is listed above', 'or wait until the files have come'],
    ...definition,
  },
  TM2007: {
    title: 'the files of one table differ',
    meaning: 'Files that are read as one table have other columns, other types or another format.',
    remedy: ['mend the file named above, move it away, or read it by a flow of its own'],
    ...definition,
  },
  TM2008: {
    title: 'file cannot be read',
    meaning: 'A file is damaged, is not what its extension says, or a line of it is no row of its table.',
    remedy: ['mend or replace the file named above', 'or say how it is written: connections: { …: { csv: … } }'],
    ...failed,
  },
  TM2009: {
    title: 'text is no value of its column',
    meaning: 'A CSV file holds a text that the type of its column does not have, or would round. Nothing was written.',
    remedy: ['mend the line named above', 'or declare another type: connections: { …: { csv: { columns: … } } }'],
    ...failed,
  },
  TM2010: {
    title: 'files changed while they were read',
    meaning: 'A file was replaced, cut, removed or added in the middle of a run. Old and new content are not mixed.',
    remedy: ['tidemark resume --last   looks at the files again and goes on'],
    ...failed,
  },
  TM2011: {
    title: 'replaced folder is not in place',
    meaning:
      'The swap is committed, but the file system refused to move the new files in. Readers may see the old files, or no folder, until it does.',
    remedy: ['mend what the message says, then: tidemark resume --last   moves them in, and repeats nothing'],
    ...failed,
  },
  TM2012: {
    title: 'pooler gives every transaction another session',
    meaning:
      "Settings, locks, temporary tables and snapshots of a session would be gone, or another's, from one statement to the next: what is read could be incomplete without an error.",
    remedy: ['connect to the server itself, or to a pool in session mode (pgbouncer: pool_mode = session)'],
    ...definition,
  },
  TM2013: {
    title: 'server is busy',
    meaning:
      'The server has no room for us now, or the database moves or wakes up: it was asked again for a minute, and each batch several times.',
    remedy: ['when it is there again: tidemark resume --last', 'or ask less of it at once: --parallel, batch.rows'],
    ...failed,
  },
  TM2020: {
    title: 'file cannot be written',
    meaning:
      'The system refuses the file that was to be written: the folder is not yours, or the name is that of a folder.',
    remedy: ['name another file, or mend the rights of the folder'],
    ...failed,
    retry: 'again',
  },
} as const satisfies Record<`TM2${number}`, ErrorEntry>
