/** The story of this example: every night is a script of `sql/`, the partner's export, and the command lines that follow it. */
import type { Databases } from '../play/databases.ts'
import type { Stage } from '../play/stage.ts'

export const on: Readonly<Record<string, Databases>> = { postgres: { LAKE_URL: 'lake' } }

const ORDERS = 'partner.orders'
const CUSTOMERS = ['alder', 'birch', 'cedar'] as const
type Customer = (typeof CUSTOMERS)[number]

/** new, changed, deleted, unchanged */
type Found = readonly [number, number, number, number]

export async function play(stage: Stage): Promise<void> {
  stage.act(
    'Monday: 600 orders of three customers',
    '276 columns in a table that a partner refreshes every night. Nothing in it says what changed.',
  )
  await night(stage, '1-monday.sql')
  await stage.tidemark('deploy')
  await stage.tidemark(`plan ${ORDERS}`)
  for (const customer of CUSTOMERS) await take(stage, customer, [200, 0, 0, 0])

  stage.act('Tuesday', 'Twelve orders are shipped and three are new (alder); two are cancelled (cedar).')
  await night(stage, '2-tuesday.sql')
  await take(stage, 'alder', [3, 12, 0, 188])
  await take(stage, 'birch', [0, 0, 0, 200])
  await take(stage, 'cedar', [0, 0, 2, 198])
  const diff = await stage.tidemark(`snapshot diff ${ORDERS} --scope customer=alder --limit 2`)
  stage.check(diff.includes('line_07_unit_price'), 'the one price that is another by 0.0001 is among them', diff)

  stage.act(
    'Wednesday',
    'An order moves from birch to cedar. A contact is typed anew, which is declared to be no change.',
  )
  await night(stage, '3-wednesday.sql')
  await take(stage, 'cedar', [1, 0, 0, 198])
  await take(stage, 'birch', [0, 1, 1, 198])
  await take(stage, 'alder', [0, 0, 0, 203])
  const empty = await stage.tidemark(`snapshot diff ${ORDERS} --scope customer=birch`)
  stage.check(/NULL +""/.test(empty), 'NULL that became the empty text is a change', empty)

  stage.act('Thursday', 'The same orders in another order, with another time of export in every row.')
  await night(stage, '4-thursday.sql')
  await take(stage, 'alder', [0, 0, 0, 203])

  stage.act('Friday', 'Alder has other prices in 38 orders and drops two; an order of cedar is back.')
  await night(stage, '5-friday.sql')
  await take(stage, 'alder', [0, 38, 2, 163])
  await take(stage, 'cedar', [1, 0, 0, 199])
  await stage.tidemark(`snapshot list ${ORDERS}`)

  stage.act(
    'What became of it all since Monday',
    'Any two snapshots that are kept can be compared: here the first and the last.',
  )
  const kept = await stage.snapshots(ORDERS)
  for (const customer of CUSTOMERS) {
    const ids = kept.filter(({ scope }) => scope['customer'] === customer).map(({ snapshot }) => snapshot)
    const two = `${ids.at(-1)} ${ids[0]}`
    await stage.tidemark(`snapshot diff ${ORDERS} ${two} --out data/differences-${customer}.parquet`)
    if (customer === 'alder') await stage.tidemark(`snapshot diff ${ORDERS} ${two} --out data/report.html --limit 5`)
  }
  await stage.sql('6-deleted.sql')

  stage.act('Report only', 'The flow partner.watch delivers nothing: it says what changed in two columns.')
  await stage.tidemark('snapshot take partner.watch')
  if (stage.on === 'postgres') await inPostgres(stage)
}

/** What is kept there, and in the archives, without the machine that took it. */
async function inPostgres(stage: Stage): Promise<void> {
  stage.act(
    'The archives',
    'One flow archives into files, the other one into PostgreSQL: both are read again, byte by byte.',
  )
  await stage.tidemark('snapshot stats')
  const validated = await stage.tidemark('snapshot validate --full')
  stage.check(validated.includes('13 archives sound'), 'all of the week is sound', validated)

  stage.act(
    'The disk of this machine is lost',
    'What was taken last comes back from PostgreSQL, and nothing is reported as new.',
  )
  stage.lose('.tidemark/snapshots')
  await take(stage, 'alder', [0, 0, 0, 201])
  await take(stage, 'birch', [0, 0, 0, 199])
  await take(stage, 'cedar', [0, 0, 0, 200])
}

/** What happened at the partner's, and the export that follows. */
async function night(stage: Stage, script: string): Promise<void> {
  await stage.sql(script)
  const [[columns] = []] = await stage.sql('export.sql')
  stage.check(columns === '276', '276 columns', String(columns))
}

async function take(stage: Stage, customer: Customer, found: Found): Promise<void> {
  const said = await stage.tidemark(`snapshot take ${ORDERS} --scope customer=${customer}`)
  const [added, changed, deleted, unchanged] = found
  const wanted = `${added} new · ${changed} changed · ${deleted} deleted · ${unchanged} unchanged`
  stage.check(said.includes(wanted), `${customer}: ${wanted}`, said)
}
