import { Cancelled } from '../runtime/app-error.ts'
import type { Io } from './io.ts'

/**
 * ^C in steps: the first lets the batches in flight finish, the second rolls them back, the third leaves at once (the
 * transaction then ends with the process, and the next run takes over).
 */
export class StopSignals implements Disposable {
  readonly #soft = new AbortController()
  readonly #hard = new AbortController()
  readonly #off: () => void
  #asked = 0

  constructor(io: Io, say: (text: string) => void, message: string) {
    this.#off = io.onStop(() => {
      this.#asked += 1
      if (this.#asked === 1) {
        say(message)
        this.#soft.abort(new Cancelled('stopped by the operator'))
      } else if (this.#asked === 2) {
        say('Rolling back the batches in flight …')
        this.#hard.abort(new Cancelled('stopped by the operator, batches rolled back'))
      } else {
        io.exit(130)
      }
    })
  }

  get signal(): AbortSignal {
    return this.#soft.signal
  }

  get hardSignal(): AbortSignal {
    return this.#hard.signal
  }

  [Symbol.dispose](): void {
    this.#off()
  }
}
