import type { CommandContext } from '../command.ts'
import { cutMiddle, oneLine } from '../print/width.ts'
import { LiveRegion } from './live-region.ts'

export interface StatusLine extends Disposable {
  /** What is done now, and how far it is. */
  readonly say: (what: string, howFar: string) => void
}

/** One line that is gone when it is over; nothing where nobody watches. */
export function openStatusLine({ io, json }: CommandContext): StatusLine {
  if (json || !io.isTty.stderr || !io.isTty.stdout) return { say: () => {}, [Symbol.dispose]: () => {} }
  const region = new LiveRegion(io.stderr)
  return {
    say: (what, howFar) => region.draw([cutMiddle(`${howFar}   ${oneLine(what)}`, io.columns() - 1)]),
    [Symbol.dispose]: () => region[Symbol.dispose](),
  }
}
