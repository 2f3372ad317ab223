/** What the grammar takes and no run does yet: refused, so that a mask or a brake is never silently ignored. */
import type { FlowSpec } from '@tidemark/contract/flow'
import { AppError } from '../runtime/app-error.ts'

/** What is built takes its line out; the last one takes the file with it. */
const UNBUILT: Readonly<Record<string, (flow: FlowSpec) => boolean>> = {
  'on_conflict other than fail': ({ onConflict }) => onConflict !== 'fail',
  on_error: ({ onError }) => onError.length > 0,
}

export function refuseUnbuilt(flow: FlowSpec): void {
  const asked = Object.entries(UNBUILT).flatMap(([what, asks]) => (asks(flow) ? [what] : []))
  if (asked.length > 0) throw new AppError('TM1017', `${flow.id}: ${asked.join(', ')}`)
}
