/** 9xxx: unexpected. */
import { failed, type ErrorEntry } from './error-entry.ts'

export const UNEXPECTED = {
  TM9001: {
    title: 'unexpected error',
    meaning: 'Something happened that Tidemark has no page for. If it is a defect, the message helps to find it.',
    remedy: ['tidemark runs   shows what is recorded', 'report it with the message and the version'],
    ...failed,
  },
  TM9002: {
    title: 'the demo went wrong',
    meaning: 'An act of the demo did not do what it says it does. The project it played in is left as it is.',
    remedy: [
      'tidemark runs   in the folder of the demo shows what is recorded',
      'report it with the message and the version',
    ],
    retry: 'again',
    exit: 1,
    http: 500,
  },
} as const satisfies Record<`TM9${number}`, ErrorEntry>
