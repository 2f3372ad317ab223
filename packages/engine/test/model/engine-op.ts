/** What is done to the engine between two writes, as data: a counterexample is a list of these. */
import fc from 'fast-check'
import { FAILPOINTS, type Failpoint } from '../../src/runtime/failpoint.ts'

export const SCOPES = ['A', 'B'] as const
export type ScopeName = (typeof SCOPES)[number]

export interface Place {
  readonly point: Failpoint
  readonly nth: number
}

export interface RunOp<Write> {
  readonly op: 'run'
  readonly scope: ScopeName | null
  readonly batchRows: number
  readonly workers: number
  readonly kind?: 'full' | 'fresh' | 'period'
  /** the run fails, or is asked to stop, there */
  readonly crash?: Place & { readonly how: 'throw' | 'cancel' }
  /** somebody writes into the source while the run is there */
  readonly during?: Place & { readonly write: Write }
  /** a transaction begins between clock and ceiling, and stays open */
  readonly between?: Write
}

export type EngineOp<Write> =
  | RunOp<Write>
  /** the unfinished run of a scope, if there is one */
  | { readonly op: 'resume'; readonly scope: ScopeName | null; readonly workers: number }
  /** two commands at once */
  | { readonly op: 'race'; readonly scopes: readonly [ScopeName | null, ScopeName | null] }
  /** a worker sleeps beyond its lease, another one takes over, then the first wakes up */
  | {
      readonly op: 'sleep'
      readonly scope: ScopeName | null
      readonly next: ScopeName | null
      readonly at: Place
      readonly batchRows: number
    }
  /** back by so many percent of the way to the oldest row; `lose`: the target lost what lies behind it */
  | { readonly op: 'rewind'; readonly scope: ScopeName | null; readonly percent: number; readonly lose: boolean }
  | { readonly op: 'dry'; readonly scope: ScopeName | null }
  | { readonly op: 'reset'; readonly scope: ScopeName | null }

const scope = fc.oneof(
  { weight: 3, arbitrary: fc.constant(null) },
  { weight: 2, arbitrary: fc.constantFrom(...SCOPES) },
)
const nth = fc.oneof({ weight: 3, arbitrary: fc.constant(1) }, { weight: 1, arbitrary: fc.integer({ min: 2, max: 4 }) })
const place = fc.record({ point: fc.constantFrom(...FAILPOINTS), nth })
const batchRows = fc.constantFrom(1, 2, 3, 100)
const workers = fc.constantFrom(1, 2, 3)

export function engineOp<Write>(write: fc.Arbitrary<Write>, begin: fc.Arbitrary<Write>): fc.Arbitrary<EngineOp<Write>> {
  const plain = { op: fc.constant('run' as const), scope, batchRows, workers }
  return fc.oneof(
    { weight: 6, arbitrary: fc.record(plain) },
    {
      weight: 5,
      arbitrary: fc.record({
        ...plain,
        crash: fc.record({
          point: fc.constantFrom(...FAILPOINTS),
          nth,
          how: fc.constantFrom('throw' as const, 'throw' as const, 'cancel' as const),
        }),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ ...plain, during: fc.record({ point: fc.constantFrom(...FAILPOINTS), nth, write }) }),
    },
    { weight: 1, arbitrary: fc.record({ ...plain, between: begin }) },
    {
      weight: 1,
      arbitrary: fc.record({ ...plain, kind: fc.constantFrom('full' as const, 'fresh' as const, 'period' as const) }),
    },
    { weight: 1, arbitrary: fc.record({ op: fc.constant('resume' as const), scope, workers }) },
    { weight: 1, arbitrary: fc.record({ op: fc.constant('race' as const), scopes: fc.tuple(scope, scope) }) },
    {
      weight: 1,
      arbitrary: fc.record({ op: fc.constant('sleep' as const), scope, next: scope, at: place, batchRows }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        op: fc.constant('rewind' as const),
        scope,
        percent: fc.constantFrom(0, 10, 50, 100),
        lose: fc.boolean(),
      }),
    },
    { weight: 1, arbitrary: fc.record({ op: fc.constant('dry' as const), scope }) },
    { weight: 1, arbitrary: fc.record({ op: fc.constant('reset' as const), scope }) },
  )
}
