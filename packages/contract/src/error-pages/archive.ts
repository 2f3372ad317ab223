/** 62xx: archives of snapshots. */
import { definition, failed, type ErrorEntry } from './error-entry.ts'

export const ARCHIVE = {
  TM6201: {
    title: 'archive cannot be reached',
    meaning:
      'The folder, bucket or database that archives go to does not answer, or does not let this user in. Nothing is lost: an archive that could not be written stays pending, and its image stays where it is.',
    remedy: [
      'mend what the message says, then: tidemark snapshot archive --retry',
      'the next run of the flow writes what is pending too',
    ],
    retry: 'again',
    exit: 1,
    http: 503,
  },
  TM6202: {
    title: 'archive is gone',
    meaning: 'The archive of that snapshot is not where it was written: its file or its manifest was removed.',
    remedy: [
      'put it back, from a copy of the folder, bucket or database',
      'tidemark snapshot validate   says which others are gone',
    ],
    ...failed,
    retry: 'never',
  },
  TM6203: {
    title: 'archive is damaged',
    meaning: 'The bytes that lie in the archive are not those that were written: nothing of them is used.',
    remedy: [
      'put it back, from a copy of the folder, bucket or database',
      'tidemark snapshot validate --full   reads every archive again',
    ],
    ...failed,
    retry: 'never',
  },
  TM6204: {
    title: 'archive is pending',
    meaning:
      'A run succeeded, and the archive of its snapshot could not be written. Rows and watermark are as they should be; the image stays until it is archived.',
    remedy: ['tidemark snapshot archive --retry   writes it; the next run does too'],
    retry: 'again',
    exit: 1,
    http: 503,
  },
  TM6205: {
    title: 'another archive lies there',
    meaning:
      'The archive has a file of that flow and snapshot that another run wrote: two projects use one place. It was left as it is.',
    remedy: ['give each project a folder, a prefix or a database of its own'],
    ...definition,
  },
  TM6206: {
    title: 'exists already',
    meaning: 'A snapshot is restored into a new file or a new table: what is there already is not written over.',
    remedy: ['name another one, or remove that one'],
    ...definition,
  },
  TM6207: {
    title: 'snapshot is not archived',
    meaning:
      'What the command needs is in the archive alone, and that snapshot has none: its flow names no archive, or its archive is still pending.',
    remedy: [
      'capture: { kind: snapshot, archive: { connection: NAME } }   archives the snapshots to come',
      'tidemark snapshot archive --retry   writes what is pending',
    ],
    ...definition,
  },
  TM6208: {
    title: 'target was not told that the snapshot is kept',
    meaning:
      'A run with hot: target succeeded, and the target could not be told so afterwards: there its snapshot still is building, and older ones have not gone. Rows, watermark and the snapshots beside the project are as they should be.',
    remedy: ['the next run of the flow makes up for it'],
    retry: 'again',
    exit: 1,
    http: 503,
  },
} as const satisfies Record<`TM62${number}`, ErrorEntry>
