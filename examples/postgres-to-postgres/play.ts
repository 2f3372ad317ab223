/** The story of this example: every act is a script of `sql/` and the command lines that follow it. */
import type { Databases } from '../play/databases.ts'
import type { Stage } from '../play/stage.ts'

export const databases: Databases = { SHOP_URL: 'shop', WAREHOUSE_URL: 'warehouse', CONTROL_URL: 'ledger' }

const CUSTOMERS = 'sales.customers'
const ORDERS = 'sales.orders'
const EVENTS = 'sales.events'

export async function play(stage: Stage): Promise<void> {
  stage.act(
    'An order system, and a warehouse',
    '20 000 customers, 60 000 orders with their status beside, 120 000 events.',
  )
  await stage.sql('1-shop.sql')
  await stage.sql('2-warehouse.sql')
  await stage.tidemark('deploy')
  await stage.tidemark('plan --all')

  stage.act('Everything for the first time', 'Two workers share the flows and their batches.')
  await stage.tidemark('run --all --parallel 2')
  await stage.did(CUSTOMERS, 'all customers', { inserted: 20_000 })
  await stage.did(ORDERS, 'all orders, with their status', { inserted: 60_000 })
  await stage.did(EVENTS, 'all events', { inserted: 120_000 })

  stage.act('Monday', '300 customers renamed, 900 orders sent, 1 000 new ones. The north is wanted before the others.')
  await stage.sql('3-monday.sql')
  await stage.tidemark(`run ${ORDERS} --scope region=north`)
  await stage.did(ORDERS, 'the north alone, up to a watermark of its own', { inserted: 333, updated: 300 })
  await stage.tidemark('run --all')
  await stage.did(ORDERS, 'the others; the north was there already', {
    inserted: 667,
    updated: 600,
    skipped_same: 633,
  })
  await stage.did(CUSTOMERS, 'the customers that were renamed', { updated: 300 })
  await stage.did(EVENTS, 'their events', { inserted: 1_900 })

  stage.act(
    'Tuesday: an import that commits late',
    'Its rows bear the beginning of its transaction and numbers that it took early. Others commit, and runs pass.',
  )
  await stage.sqlAround('4-import.sql', async () => {
    await stage.sql('5-meanwhile.sql')
    await stage.tidemark('run --all')
    for (const flow of [CUSTOMERS, ORDERS, EVENTS])
      await stage.did(flow, `${flow}: held back, below the open transaction`, { status: 'nothing_to_do' })
  })
  await stage.tidemark('run --all')
  await stage.did(CUSTOMERS, 'the imported customers, and the one who wrote meanwhile', { inserted: 10, updated: 1 })
  await stage.did(ORDERS, 'the orders that were paid by the import, and those sent meanwhile', { updated: 40 + 50 })
  await stage.did(EVENTS, 'the early numbers with the later ones', { inserted: 20 + 50 })

  stage.act('Wednesday: a row that the warehouse refuses', 'It takes no credit below zero.')
  await stage.sql('6-credit.sql')
  await stage.tidemark(`run ${CUSTOMERS}`, { exit: 4 })
  await stage.did(CUSTOMERS, 'the others landed', { status: 'succeeded_with_rejects', updated: 199, rejected: 1 })
  await stage.tidemark(`rejects list ${CUSTOMERS}`)
  await stage.sql('7-mended.sql')
  await stage.tidemark(`rejects retry ${CUSTOMERS}`)
  const open = await stage.tidemark(`rejects list ${CUSTOMERS}`)
  stage.check(!open.includes('TM5'), 'the customer landed as it is now, and its reject is closed', open)

  stage.act('Thursday: a crash', '40 000 amounts change. The run dies when it is about to commit its fourth batch.')
  await stage.sql('8-new-prices.sql')
  await stage.crash(`run ${ORDERS} --parallel 2`, 'batch:before-commit:4')
  const killed = await stage.lastRun(ORDERS)
  await stage.sql('9-one-more.sql')
  await stage.tidemark('resume --last')
  const resumed = await stage.lastRun(ORDERS)
  stage.check(
    resumed.run === killed.run && resumed.rows.updated === 40_000 && resumed.rows.skipped_same === 0,
    `${resumed.run} went on where it died: the batches that were in were not done again`,
    JSON.stringify(resumed),
  )
  await stage.tidemark('run --all')
  await stage.did(ORDERS, 'and a run of its own took what was written meanwhile', { updated: 1 })
}
