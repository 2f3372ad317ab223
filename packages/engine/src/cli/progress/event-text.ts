import type { EngineEvent } from '@tidemark/contract/events'
import { count, counted } from '../print/numbers.ts'
import type { Screen } from '../print/screen.ts'
import { duration } from '../print/times.ts'
import { noticeOf } from './notices.ts'

/** Every event as one line for people. */
export function eventText(e: EngineEvent, screen: Pick<Screen, 'now' | 'zone'>): string {
  switch (e.event) {
    case 'run:planned':
      return `${e.flow}   run ${e.run} ${e.resumed ? 'resumed' : 'started'}   lane ${e.lane}${windowText(e)}`
    case 'run:captured':
      return `${e.flow}   ${e.run}   ${counted(e.rows, 'row')} in ${counted(e.batches, 'batch', 'batches')}${e.done > 0 ? `, ${count(e.done)} of them in already` : ''}`
    case 'step:started':
      return `${e.flow}   ${e.run}   step ${e.step}   ${counted(e.batches, 'batch', 'batches')}`
    case 'worker:joined':
      return `${e.flow}   ${e.run}   worker ${e.worker} joined`
    case 'worker:left':
      return `${e.flow}   ${e.run}   worker ${e.worker} left after ${counted(e.batches, 'batch', 'batches')}, ${counted(e.rows, 'row')}`
    case 'batch:claimed':
      return `${e.flow}   ${e.run}   batch ${e.batch} claimed${e.attempt > 1 ? `, attempt ${e.attempt}` : ''}`
    case 'batch:committed':
      return `${e.flow}   ${e.run}   batch ${e.batch}   ${counted(e.rows, 'row')} ${e.alreadyIn ? 'were in already' : `in ${duration(e.durationMs)}`}`
    case 'watermark:advanced':
      return `${e.flow}   ${e.run}   the watermark is now ${e.to ?? 'none'}`
    case 'run:ended':
      return endText(e)
    case 'lease:waiting':
    case 'file:waiting':
    case 'batch:retry':
    case 'worker:waiting':
    case 'run:remarked':
    case 'lease:lost':
      return noticeOf(e, screen) ?? e.event
  }
}

function endText({
  flow,
  run,
  status,
  reason,
  durationMs,
  code,
}: EngineEvent & { readonly event: 'run:ended' }): string {
  const what = status.replaceAll('_', ' ')
  if (run === null && code === null) return `${flow}   ${what}${reason === null ? '' : `: ${reason}`}`
  return `${flow}   ${run === null ? '' : `${run}   `}${what} after ${duration(durationMs)}${code === null ? '' : `   ${code}`}`
}

function windowText({ after, upTo }: { readonly after: string | null; readonly upTo: string | null }): string {
  if (upTo === null) return ''
  return after === null ? `   everything up to ${upTo}` : `   ${after} to ${upTo}`
}
