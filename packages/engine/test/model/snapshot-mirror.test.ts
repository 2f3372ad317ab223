/** Property: whatever changes, and whichever scopes are run in between, a mirror ends as the source is. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { openSnapshotWorld, SCOPED, snapshotFlow, type SnapshotWorld } from '../support/snapshot-world.ts'

const IDS = ['1', '2', '3', '4', '5'] as const
const value = fc.record({ customer: fc.constantFrom('a', 'b', null), n: fc.constantFrom('x', 'y', null) })
const step = fc.oneof(
  fc.record({ set: fc.constantFrom(...IDS), to: fc.option(value) }),
  fc.record({ run: fc.constantFrom('a', 'b', null) }),
)
const text = (t: string | null): string => (t === null ? 'NULL' : `'${t}'`)

async function change(s: SnapshotWorld, id: string, to: { customer: string | null; n: string | null } | null) {
  await s.w.source(
    `DELETE FROM src WHERE id = ${id}`,
    ...(to === null ? [] : [`INSERT INTO src VALUES (${id}, ${text(to.customer)}, ${text(to.n)})`]),
  )
}

const SOUND = `SELECT count(*) FROM (SELECT *, lag(batch_out) OVER k AS out_before, lag(n) OVER k AS n_before, lag(customer) OVER k AS customer_before
  FROM dst WINDOW k AS (PARTITION BY id ORDER BY batch_in)) AS q
WHERE batch_in > batch_out OR batch_in <= out_before
   OR (batch_in = out_before + 1 AND n IS NOT DISTINCT FROM n_before AND customer IS NOT DISTINCT FROM customer_before)`

test.each(['live', 'forensic'] as const)(
  '%s ends as the source is, whatever changes and whichever scopes are run',
  async (kind) => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 8 }), fc.boolean(), async (steps, aFirst) => {
        await using s = await openSnapshotWorld()
        const flow = snapshotFlow({}, { ...SCOPED, apply: { kind, maxDelete: null } })
        const run = async (customer: string | null): Promise<void> => {
          const done = await s.run(flow, { allowsDeletes: true, ...(customer === null ? {} : { scope: { customer } }) })
          expect(done.error).toBeNull()
        }
        await s.w.source('CREATE TABLE src (id INTEGER, customer VARCHAR, n VARCHAR)')
        for (const it of steps) await ('run' in it ? run(it.run) : change(s, it.set, it.to))
        for (const customer of aFirst ? ['a', 'b', null] : ['b', 'a', null]) await run(customer)
        const live = kind === 'live' ? '' : 'WHERE batch_out = 2147483647 '
        expect(await s.w.targetRows(`SELECT id, customer, n FROM dst ${live}ORDER BY id`)).toEqual(
          await s.w.sourceRows('SELECT id, customer, n FROM src ORDER BY id'),
        )
        if (kind === 'forensic') expect(await s.w.targetRows(SOUND)).toEqual([['0']])
      }),
      { numRuns: Number(process.env['PBT_RUNS'] ?? 6) },
    )
  },
)
