/** What the ledger says of the present: leases, unfinished runs, watermarks and the clock. */
import { UNFINISHED_RUN_STATES } from '@tidemark/contract/states'
import type { FlowSpec } from '@tidemark/contract/flow'
import type { ControlStore, LeaseRow, RunRow } from '../../control/control-store.ts'
import { holderText, isDead } from '../../run/hold-lease.ts'
import { instantOf, zoneOf } from '../instant-of.ts'
import { type Check, fail, ok, warn } from './check.ts'

const RUNS_LOOKED_AT = 1_000
const CLOCKS_MAY_DIFFER_MS = 1_000

export async function checkLeases(store: ControlStore): Promise<readonly Check[]> {
  const held = (await store.leases.list()).filter((lease) => lease.owner !== null)
  if (held.length === 0) return [ok('lease', 'leases', 'nobody runs anything')]
  return held.map((lease) => {
    const take = `tidemark run ${lease.flow}   takes it over`
    if (lease.expired) return warn('lease', lease.flow, `was held by ${holderText(lease)}, and has run out`, take)
    if (isDead(lease))
      return warn('lease', lease.flow, `is held by ${holderText(lease)}; that process is not there any more`, take)
    return ok('lease', lease.flow, `is run by ${holderText(lease)}`)
  })
}

export const isAtWork = (lease: LeaseRow | null): boolean => lease?.owner != null && !lease.expired && !isDead(lease)

/** The newest run of each flow and scope, where it did not end. */
export async function checkRuns(store: ControlStore): Promise<readonly Check[]> {
  const newest = new Map<string, RunRow>()
  for (const run of await store.ledger.listRuns({ limit: RUNS_LOOKED_AT })) {
    const of = `${run.flow} ${run.scope}`
    if (!newest.has(of)) newest.set(of, run)
  }
  const checks: Check[] = []
  for (const run of newest.values()) {
    if (!(UNFINISHED_RUN_STATES as readonly string[]).includes(run.state)) continue
    const subject = `${run.id} of ${run.flow}`
    if (isAtWork(await store.leases.find(run.flow))) checks.push(ok('run', subject, `is ${run.state}`))
    else checks.push(warn('run', subject, whatStopped(run), ...nextSteps(run)))
  }
  return checks.length === 0 ? [ok('run', 'runs', 'none is unfinished')] : checks
}

function whatStopped(run: RunRow): string {
  const batches = `${run.batchesDone} of ${run.batches} batches are in`
  if (run.state === 'failed') return `failed (${run.error?.code ?? 'no code'}); ${batches}`
  return run.state === 'cancelled' ? `was cancelled; ${batches}` : `is ${run.state}, and its worker is gone; ${batches}`
}

const nextSteps = (run: RunRow): readonly string[] => [
  ...(run.error === null ? [] : [`tidemark show ${run.id}   shows the error; tidemark explain ${run.error.code}`]),
  `tidemark resume ${run.id}   goes on from there, as does running the flow again`,
  `tidemark run ${run.flow} --fresh   gives it up and plans anew`,
]

/** `process`: the clock of this process, read when the store was asked for its own. */
export function checkClock(store: string, process: Temporal.Instant): Check {
  const apart = Temporal.Instant.from(store).epochMilliseconds - process.epochMilliseconds
  const ahead = `the store's clock is ${Math.abs(apart)} ms ${apart < 0 ? 'behind' : 'ahead of'} this machine's`
  return Math.abs(apart) > CLOCKS_MAY_DIFFER_MS
    ? warn('clock', 'clock', `${ahead}: leases run by the store's`, 'let both take their time from one server (NTP)')
    : ok('clock', 'clock', ahead)
}

/** A watermark from the future stops every run of its flow until the clock has caught up. */
export async function checkWatermarks(store: ControlStore, flows: readonly FlowSpec[]): Promise<readonly Check[]> {
  const now = Temporal.Instant.from(await store.now())
  const marks = await store.ledger.listWatermarks()
  const checks = marks.flatMap(({ flow, position }) => {
    const definition = flows.find(({ id }) => id === flow)
    const at = position === null || definition === undefined ? null : instantOf(position, zoneOf(definition))
    if (at === null || at <= now.epochMilliseconds) return []
    return [
      fail(
        'watermark',
        flow,
        `its watermark ${position} lies in the future of the clock (${now.toString()}): runs stop with TM4009`,
        'mend the clock',
        `or tidemark rewind ${flow} --to POSITION --reason TEXT`,
      ),
    ]
  })
  return checks.length > 0 ? checks : [ok('watermark', 'watermarks', `${marks.length}, none in the future`)]
}
