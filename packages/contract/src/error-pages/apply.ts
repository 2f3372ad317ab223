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
    meaning: 'A row would land before its parent: the source or the target changed since the run captured its rows.',
    remedy: ['tidemark resume --last   looks for the parents again'],
    ...failed,
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
    meaning: 'The run would take more rows out of the target than its flow allows. Nothing was deleted.',
    remedy: [
      'look at the source: is it whole?',
      'apply: { kind: replace, max_delete: 100% }   allows it, then: tidemark run FLOW --fresh',
    ],
    ...failed,
    retry: 'never',
  },
} as const satisfies Record<`TM5${number}`, ErrorEntry>
