/** 5xxx: apply and target. */
import { failed, type ErrorEntry } from './error-entry.ts'

export const APPLY = {
  TM5001: {
    title: 'target refused the batch',
    meaning:
      'The database refused a statement of this batch. The batch was rolled back; nothing of it is in the target.',
    remedy: ['mend what the message says, then: tidemark resume --last'],
    ...failed,
    aboutRows: true,
  },
  TM5002: {
    title: 'fence refused the batch',
    meaning: 'Another worker owns this flow in the target. This batch was rolled back.',
    remedy: ['tidemark status   shows who runs the flow now'],
    ...failed,
    exit: 3,
  },
  TM5003: {
    title: 'target conflict',
    meaning: 'The target was changed by somebody else at the same time, again and again.',
    remedy: ['end the other writer, then: tidemark resume --last'],
    ...failed,
  },
  TM5004: {
    title: 'parent is missing in the target',
    meaning:
      'A row would land before its parent: the parent was kept out, or the source or the target changed since the run captured its rows.',
    remedy: ['tidemark resume --last   looks for the parents again'],
    ...failed,
    aboutRows: true,
  },
  TM5005: {
    title: 'verification found differences',
    meaning: 'Source and target differ after a run that should have made them equal.',
    remedy: ['tidemark run FLOW --full   reads everything again'],
    ...failed,
  },
  TM5006: {
    title: 'source changed while it was read',
    meaning:
      'Rows were to be read by their place in the source, and the source is no longer the one they were counted in.',
    remedy: ['tidemark resume --last   captures what is left again and goes on'],
    ...failed,
    retry: 'again',
  },
  TM5007: {
    title: 'too many rows would be deleted',
    meaning:
      'The run would take more rows out of the target than its flow allows. Nothing was deleted, and no snapshot is kept.',
    remedy: [
      'look at the source: is it whole?',
      'tidemark run FLOW --allow-deletes   takes them away, this once',
      'apply: { kind: …, max_delete: 50% }   allows more, then: tidemark run FLOW --fresh',
    ],
    ...failed,
    retry: 'never',
  },
  TM5009: {
    title: 'NULL in a column that takes none',
    meaning:
      'A column of the target is NOT NULL, and the row has no value for it. Nothing of the batch is in the target.',
    remedy: [
      'mend the rows, or let the column take NULL, then: tidemark resume --last',
      'on_reject: quarantine   keeps such rows out and lets the others land',
    ],
    ...failed,
    aboutRows: true,
  },
  TM5010: {
    title: 'unique value is held by another row',
    meaning:
      'A unique constraint of the target, other than the key, allows a value once, and a row of another key has it: a file uploaded again under its old name, for one, where a watermark never saw the first one deleted. Where that row is about to give it up, in a later batch or run, the two have to be in one batch.',
    remedy: [
      'look at both rows; a larger batch.rows brings them into one batch: tidemark run FLOW --fresh',
      'on_conflict: quarantine, or skip   keeps such rows out and lets the others land',
    ],
    ...failed,
    aboutRows: true,
  },
  TM5011: {
    title: 'target holds two keys equal',
    meaning:
      'Keys that differ in the source are one key under the collation of the target. Merged, one row would overwrite the other.',
    remedy: [
      'mend the keys, or give the key column of the target a binary collation, then: tidemark resume --last',
      'on_reject: quarantine   keeps the second of them out',
    ],
    ...failed,
    aboutRows: true,
  },
  TM5012: {
    title: 'too many rejects',
    meaning:
      'More rows cannot land than the flow allows one run to keep out. What landed before stays; the batch that would have passed the limit was rolled back.',
    remedy: [
      'tidemark rejects list FLOW   shows those there are; mend the rows, then: tidemark resume --last',
      'on_reject: { kind: quarantine, max: N }   allows more, then: tidemark run FLOW --fresh',
    ],
    ...failed,
  },
} as const satisfies Record<`TM5${number}`, ErrorEntry>
