import type { EngineEvent } from '@tidemark/contract/events'
import { clockTime } from '../print/times.ts'
import type { Screen } from '../print/screen.ts'

/** What a person should know while it happens, in one line; null: nothing to say. Bars and log lines share it. */
export function noticeOf(e: EngineEvent, { now, zone }: Pick<Screen, 'now' | 'zone'>): string | null {
  switch (e.event) {
    case 'lease:waiting':
      return `${e.flow}   waiting: held by ${e.holder} until ${clockTime(e.until, now, zone)} unless renewed`
    case 'file:waiting':
      return `waiting for ${e.path}: ${e.detail}`
    case 'batch:retry':
      return `${e.flow}   batch ${e.batch} is tried again (attempt ${e.attempt}): ${e.message.startsWith(e.code) ? '' : `${e.code} `}${e.message}`
    case 'worker:waiting':
      return `${e.flow}   waits for ${e.waitsFor}`
    case 'lease:lost':
      return `${e.flow}   the lease was lost: its batches are rolled back`
    case 'run:remarked':
      return [`${e.flow}   ${e.message}`, ...e.remedy].join('   ')
    case 'run:planned':
    case 'run:captured':
    case 'run:ended':
    case 'step:started':
    case 'worker:joined':
    case 'worker:left':
    case 'batch:claimed':
    case 'batch:committed':
    case 'watermark:advanced':
      return null
  }
}
