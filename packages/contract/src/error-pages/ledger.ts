/** 3xxx: ledger, leases, control store. */
import { definition, failed, held, type ErrorEntry } from './error-entry.ts'

export const LEDGER = {
  TM3001: {
    title: 'flow is held by another',
    meaning: 'A lease lets one worker run a flow at a time. It is free when the holder ends, or when it expires.',
    remedy: ['wait for it: --wait 5m'],
    ...held,
  },
  TM3002: {
    title: 'lease lost',
    meaning:
      'This worker did not renew its lease in time and another may have taken the flow. Its batch was rolled back.',
    remedy: ['tidemark status   shows who runs the flow now'],
    ...failed,
    exit: 3,
  },
  TM3003: {
    title: 'watermark is not the one that was planned from',
    meaning:
      'Another run or a rewind moved the watermark meanwhile. The rows are in the target; the watermark was left.',
    remedy: ['tidemark run FLOW   plans anew'],
    ...failed,
  },
  TM3004: {
    title: 'control store is newer than this program',
    meaning: 'A newer version of Tidemark migrated the store. An older one would not keep its promises.',
    remedy: ['install that version or a newer one'],
    ...definition,
  },
  TM3005: {
    title: 'control store cannot be opened',
    meaning:
      'The file or the schema is damaged, is not a control store, or cannot be read or written; or the database cannot be reached, or does not let this user in.',
    remedy: ['mend control: in tidemark.yaml, or restore the file or the database that it names'],
    ...definition,
  },
  TM3006: {
    title: 'run cannot be resumed',
    meaning: 'Only a planned, running, failed or cancelled run can be resumed; it ended, or a rewind superseded it.',
    remedy: ['tidemark run FLOW   starts a new one'],
    ...definition,
  },
  TM3007: {
    title: 'target and ledger disagree',
    meaning:
      'The last settled run that the target remembers is not the one in the ledger: one of them was restored, emptied or replaced.',
    remedy: [
      'tidemark run FLOW --full   reads everything again and repairs it',
      'or tidemark rewind FLOW --to POSITION --reason TEXT   re-delivers from there',
    ],
    ...definition,
  },
  TM3008: {
    title: 'not a position to rewind to',
    meaning: 'The position is no value of the position column, or lies beyond the watermark.',
    remedy: ['tidemark watermarks   shows the present one'],
    ...definition,
  },
  TM3009: {
    title: 'former owner still holds the target',
    meaning: 'The batch of a former owner is still open in the target and could not be ended.',
    remedy: ['end the session named above, then run again'],
    ...held,
  },
  TM3010: {
    title: 'ledger changed underneath',
    meaning: 'A row of the ledger is not in the state this step needs: another worker changed it.',
    remedy: ['tidemark show RUN   shows where it stands'],
    ...failed,
  },
  TM3011: {
    title: 'control store is busy',
    meaning: 'Another process kept the control store locked for too long.',
    remedy: ['try again'],
    ...held,
  },
  TM3012: {
    title: 'run has ended',
    meaning:
      'Only a planned or running run can be cancelled, only a running one can be joined, and only an unfinished one has progress to clear.',
    remedy: ['tidemark show RUN   shows how it ended'],
    ...definition,
  },
  TM3013: {
    title: 'reject is not open any more',
    meaning:
      'It was delivered or dismissed meanwhile, or there is none of that id or key in this flow. Nothing was changed.',
    remedy: ['tidemark rejects list FLOW --all   shows how it ended'],
    ...definition,
  },
  TM3014: {
    title: 'run cannot be joined',
    meaning:
      'Its batches need something that belongs to one process: a database that only one process can open, or keys or rows that were written to a file of the worker that captured them.',
    remedy: ['tidemark run FLOW --parallel N   works with more workers in one process'],
    ...definition,
  },
  TM3015: {
    title: 'nobody works on this run',
    meaning:
      'A worker joins a run whose owner is at work: the owner plans, captures and settles. This one is unfinished, and nobody holds its flow for it at present.',
    remedy: ['tidemark resume RUN   takes it over and finishes it', 'or wait for somebody who does: --wait 5m'],
    ...held,
  },
} as const satisfies Record<`TM3${number}`, ErrorEntry>
