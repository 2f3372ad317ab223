/** The end of a bench that rows arrive at from another engine, each batch as a CSV file of its own. */
import type { Departure } from '../departure.ts'
import { lanesFrom } from '../departure-lanes.ts'
import type { OpenSourceEnd } from './bench.ts'
import { attachedSource } from './names.ts'

const nothing = (): never => {
  throw new TypeError('the rows of a departure are asked of the departure')
}

const NO_RELAY = 'DuckDB reads no binary COPY'

export const arrivingEnd =
  (from: Departure): OpenSourceEnd =>
  (options, opening) => {
    opening.use(from)
    return Promise.resolve({
      names: attachedSource('arrived'),
      location: from.source.location,
      folder: options.limits.tempDir,
      file: null,
      filledBeside: false,
      departure: from,
      facts: nothing,
      hasRowNumbers: () => Promise.resolve(false),
      lanes: (r) => lanesFrom(from, ['csv'], r, () => NO_RELAY),
      still: () => {},
      spoolBytes: () => 0n,
    })
  }
