/**
 * Rows that a capture takes out whole, whichever engine reads them, on their way to a target of another one: the image, the
 * comparison and the spool are DuckDB's, and each batch leaves from the spool.
 */
import type { OpenBench, RangesAlone } from '../contract.ts'
import type { Departure } from '../departure.ts'
import { arrivingEnd } from './arriving-end.ts'
import { openBenchFrom } from './bench.ts'
import { asRanges, DuckdbDeparture, noTarget, placeOf } from './departure.ts'
import type { DuckdbWorkArea } from './work-area.ts'

/** Null: there is no statement by which all rows leave that source. */
export async function openLeavingSpool(options: OpenBench, from: Departure): Promise<DuckdbDeparture | null> {
  if (from instanceof DuckdbDeparture) return from
  if (from.whole === undefined) return null
  return new DuckdbDeparture(await openBenchFrom(options, arrivingEnd(from), noTarget), placeOf(options))
}

/** What the batches of such a run are: ranges of the spool, however often it is captured, and whatever the target has. */
export const rangesOfSpool = (area: DuckdbWorkArea): RangesAlone => ({
  capturesKeys: false,
  ofSpool: area,
  ranges: async (request) => {
    const relation = await area.asSpooled(request.relation)
    const found = await area.ranges({ ...request, relation, selection: { ...request.selection, absent: null } })
    if (found === null) throw new TypeError('a spool has ranges')
    return asRanges(found, 'spool')
  },
  unmatched: () => Promise.resolve([]),
  found: () => Promise.resolve([]),
  captured: () => Promise.resolve([]),
})
