/** The grammar of `capture: snapshot`. */
import { z } from 'zod'
import type { ArchiveOptions, Normalisation, SnapshotOptions } from './capture.ts'
import { parseConnectionId } from './ids.ts'
import { atLeastOne, durationMs, id, isMap, name, names, parseInside, refuse, strictMap } from './schema-parts.ts'

/** More digits than any decimal has after its point. */
const MOST_DIGITS = 38
/** In the order in which they are done, whatever the order in which they are written. */
const OF_TEXTS = ['trim', 'case', 'empty-is-null'] as const
const STEPS = [...OF_TEXTS, 'round(2)']

const someNames = names.min(1, 'is empty: leave it out, or name columns')

const chosen = strictMap({ include: someNames.optional(), exclude: someNames.optional() }).transform((given, ctx) => {
  if (given.include !== undefined && given.exclude !== undefined)
    return refuse(ctx, 'include and exclude leave open what becomes of the other columns: write one of them', {
      tm: 'TM1019',
    })
  if (given.include === undefined && given.exclude === undefined)
    return refuse(ctx, 'needs include or exclude; compare: all is every column')
  return { include: given.include ?? null, exclude: given.exclude ?? [] }
})

const compare = z
  .unknown()
  .transform((value, ctx): { include: readonly string[] | null; exclude: readonly string[] } => {
    if (value === 'all') return { include: null, exclude: [] }
    if (isMap(value)) return parseInside(chosen, value, ctx)
    return refuse(ctx, 'must be all, { include: [COLUMN] } or { exclude: [COLUMN] }')
  })

const normalisation = name.transform((text, ctx): Normalisation => {
  const plain = OF_TEXTS.find((kind) => kind === text)
  if (plain !== undefined) return { kind: plain }
  const digits = /^round\((\d{1,2})\)$/.exec(text)?.[1]
  if (digits !== undefined && Number(digits) <= MOST_DIGITS) return { kind: 'round', digits: Number(digits) }
  return refuse(ctx, `"${text}" is no normalisation: one of ${STEPS.join(', ')}`, { given: text, candidates: STEPS })
})

const place = ({ kind }: Normalisation): number => OF_TEXTS.findIndex((text) => text === kind)

const normalisations = z
  .array(normalisation)
  .min(1, 'is empty: nothing would be done to the column')
  .transform((given, ctx): readonly Normalisation[] => {
    const kinds = given.map(({ kind }) => kind)
    const twice = kinds.find((kind, i) => kinds.indexOf(kind) !== i)
    if (twice !== undefined) return refuse(ctx, `${twice} is named twice`)
    const ofTexts = kinds.find((kind) => kind !== 'round')
    if (ofTexts !== undefined && kinds.includes('round'))
      return refuse(ctx, `round is for numbers and ${ofTexts} for texts: no column is both`, { tm: 'TM1019' })
    return given.toSorted((a, b) => place(a) - place(b))
  })

const retain = durationMs.transform((ms, ctx) => {
  if (ms === 0) refuse(ctx, 'must be more than nothing: an archive would be gone as soon as it is written')
  return ms
})

const archive = strictMap({ connection: id.optional(), retain: retain.optional() }).transform(
  (given): ArchiveOptions => ({
    connection: given.connection === undefined ? null : parseConnectionId(given.connection),
    retainMs: given.retain ?? null,
  }),
)

export const snapshot: z.ZodType<SnapshotOptions> = strictMap({
  compare: compare.optional(),
  normalise: z.record(z.string(), normalisations).optional(),
  exact: z.boolean().optional(),
  keep: atLeastOne('the next snapshot is compared with the last one that is kept').optional(),
  hot: z.enum(['local', 'target']).optional(),
  archive: archive.optional(),
}).transform(
  (given): SnapshotOptions => ({
    include: given.compare?.include ?? null,
    exclude: given.compare?.exclude ?? [],
    normalise: given.normalise ?? {},
    exact: given.exact ?? false,
    keep: given.keep ?? null,
    hot: given.hot ?? 'local',
    archive: given.archive ?? null,
  }),
)
