/**
 * The grammar of the built-in capture modes. A mode brings a schema of its own: the table is an argument wherever
 * definitions are read, so that a mode can be added without touching them.
 */
import { z } from 'zod'
import type { BackfillOptions, WatermarkOptions } from './capture.ts'
import { formatDuration } from './duration.ts'
import { columnRef, durationMs, notYet, parseInside, refuse, strictMap } from './schema-parts.ts'
import { snapshot } from './snapshot-schema.ts'
import { isTimeZone, largestBackwardStepMs } from './zone.ts'

/** What a run is held back by the ceiling before its status says so. */
const DEFAULT_MAX_HOLD_MS = 3_600_000

const buffer = z.unknown().transform((value, ctx): { ms: number } | { count: bigint } => {
  const text = typeof value === 'number' ? String(value) : value
  if (typeof text === 'string' && /^\d+$/.test(text)) return { count: BigInt(text) }
  if (typeof text === 'string' && text.startsWith('-')) return refuse(ctx, 'must not be negative')
  return { ms: parseInside(durationMs, value, ctx) }
})

const zone = z.string().refine(isTimeZone, 'must be a time zone of the IANA database, such as Europe/London')

const watermark = strictMap({
  position: columnRef,
  clock: z.enum(['utc', 'local', 'rowversion', 'number', 'xid']).optional(),
  zone: zone.optional(),
  stamped_by: z.enum(['database', 'application']).optional(),
  buffer: buffer.optional(),
  overlap: notYet('overlap (write buffer: N)'),
  nulls: z.enum(['fail', 'always']).optional(),
  unmatched: strictMap({ give_up: durationMs.optional() }).optional(),
  max_hold: durationMs.optional(),
}).transform((given, ctx): WatermarkOptions => {
  const options: WatermarkOptions = {
    position: given.position,
    clock: given.clock ?? null,
    zone: given.zone ?? null,
    stampedBy: given.stamped_by ?? null,
    buffer: given.buffer ?? null,
    nulls: given.nulls ?? 'fail',
    unmatchedGiveUpMs: given.unmatched?.give_up ?? null,
    maxHoldMs: given.max_hold ?? DEFAULT_MAX_HOLD_MS,
  }
  for (const [key, message] of clashes(options)) refuse(ctx, message, { tm: 'TM1019' }, [key])
  return options
})

function* clashes({ clock, zone, buffer }: WatermarkOptions): Generator<[key: string, message: string]> {
  if (clock === 'local' && zone === null)
    yield ['clock', 'clock: local needs the zone it is told in, such as zone: Europe/London']
  if (zone !== null && clock !== 'local') yield ['zone', 'zone belongs to clock: local']
  if (buffer === null) return
  if (clock === 'rowversion' || clock === 'xid') {
    yield ['buffer', `clock: ${clock} is exact and takes no buffer`]
  } else if (clock === 'number' && 'ms' in buffer) {
    yield ['buffer', 'the buffer of a number is a count, such as buffer: 1000']
  } else if ((clock === 'utc' || clock === 'local') && 'count' in buffer) {
    yield ['buffer', 'the buffer of a time is a duration, such as buffer: 15m']
  } else if (clock === 'local' && zone !== null && 'ms' in buffer) {
    const step = largestBackwardStepMs(zone)
    if (buffer.ms < step) {
      yield ['buffer', `clocks in ${zone} are set back by ${formatDuration(step)}: the buffer must be at least that`]
    }
  }
}

const backfill: z.ZodType<BackfillOptions> = strictMap({})

export type CaptureSchemas = Readonly<Record<string, z.ZodType>>
export const CAPTURE_SCHEMAS: CaptureSchemas = { watermark, backfill, snapshot }
/** Of the grammar, but not built yet. */
export const LATER_CAPTURES: readonly string[] = ['milestone']
