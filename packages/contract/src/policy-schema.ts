/** The grammar of what a flow does when something is in its way, and of what is special about its steps. */
import { z } from 'zod'
import { codesOf } from './error-policy.ts'
import { ERROR_CODES } from './error-codes.ts'
import { DEFAULT_MAX_REJECTS, type DeleteLimit, type ErrorPolicy, type FlowSpec, type StepSpec } from './flow.ts'
import { atLeastOne, id, kinded, name, refuse, strictMap } from './schema-parts.ts'

/** `20%`, `12.5%`, or a count of rows */
export const deleteLimit = z.unknown().transform((value, ctx): DeleteLimit => {
  const text = typeof value === 'number' ? String(value) : value
  const form = 'must be a share of the rows, such as 20%, or a number of rows'
  if (typeof text !== 'string') return refuse(ctx, form)
  const share = /^(\d{1,3}(?:\.\d{1,6})?)%$/.exec(text)?.[1]
  if (share !== undefined && Number(share) <= 100) return { percent: Number(share) }
  if (/^\d{1,18}$/.test(text)) return { rows: BigInt(text) }
  return refuse(ctx, share === undefined ? form : 'must be at most 100%')
})

type OnReject = FlowSpec['onReject']
export const NO_REJECTS: OnReject = { kind: 'fail', max: DEFAULT_MAX_REJECTS }

export const onReject = kinded<OnReject>(
  'on_reject',
  {
    fail: strictMap({}).transform(() => NO_REJECTS),
    quarantine: strictMap({ max: atLeastOne('on_reject: fail keeps no row out').optional() }).transform(
      ({ max }): OnReject => ({ kind: 'quarantine', max: max ?? DEFAULT_MAX_REJECTS }),
    ),
  },
  [],
).transform(({ value }) => value)

export const onConflict = z.enum(['fail', 'quarantine', 'skip'])

const errorPattern = name.transform((text, ctx): string => {
  if (codesOf(text).length > 0) return text
  if (/^TM\d{0,3}\*$/.test(text)) return refuse(ctx, `no error code begins with ${text.slice(0, -1)}`, { tm: 'TM1013' })
  return refuse(ctx, `no error has the code "${text}"`, { tm: 'TM1013', given: text, candidates: ERROR_CODES })
})

const errorPolicy = strictMap({
  code: errorPattern,
  step: id.optional(),
  do: z.enum(['fatal', 'retry', 'quarantine']),
  attempts: z.int().min(2, 'must be 2 or more: the first one counts').max(100, 'must be at most 100').optional(),
}).transform((given, ctx): ErrorPolicy => {
  if (given.attempts !== undefined && given.do !== 'retry')
    refuse(ctx, 'attempts belongs to do: retry', { tm: 'TM1019' }, ['attempts'])
  return { code: given.code, step: given.step ?? null, do: given.do, attempts: given.attempts ?? null }
})
export const onError = z.array(errorPolicy)

const step = strictMap({
  queue: z.string().optional(),
  batch: z.string().optional(),
  max_dop: atLeastOne('a step without a worker would never end').optional(),
}).transform(
  (given): StepSpec => ({ queue: given.queue ?? null, batch: given.batch ?? null, maxDop: given.max_dop ?? null }),
)
export const steps = z.record(id, step)
