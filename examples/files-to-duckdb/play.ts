/** The story of this example: every act is a script of `sql/` and the command lines that follow it. */
import type { Stage } from '../play/stage.ts'

const ORDERS = 'shop.orders'
const CUSTOMERS = 'shop.customers'

export async function play(stage: Stage): Promise<void> {
  stage.act('A folder of CSV and Parquet', '60 000 orders in three CSV files, 20 000 customers in one of Parquet.')
  await stage.sql('1-first-export.sql')
  await stage.tidemark('deploy')
  await stage.tidemark('plan --all')

  stage.act('Everything for the first time')
  await stage.tidemark('run --all')
  await stage.did(ORDERS, 'all orders: CSV through a spool, in which no value is guessed or rounded', {
    inserted: 60_000,
  })
  await stage.did(CUSTOMERS, 'all customers: Parquet in place', { inserted: 20_000 })

  stage.act(
    'New files arrive',
    'One of orders, which repeats 100 of the last day; one of customers, 700 changed and 300 new.',
  )
  await stage.sql('2-second-export.sql')
  await stage.tidemark('run --all')
  await stage.did(ORDERS, 'only the orders that the target lacked', { inserted: 1_400 })
  await stage.did(CUSTOMERS, 'only the customers of the new export, the newest of each', {
    inserted: 300,
    updated: 700,
  })
  await stage.tidemark('run --all')
  await stage.did(ORDERS, 'the same command again finds nothing to do', { status: 'nothing_to_do' })

  stage.act('A file with a bad value', 'Somebody typed the letter O for a zero, in one of 500 lines.')
  await stage.sql('3-third-export.sql')
  const said = await stage.tidemark('run --all', { exit: 1 })
  stage.check(
    /TM2009/.test(said) && said.includes('2026-11-02.csv line 301'),
    'the error names file, line, column and text',
    said,
  )
  await stage.did(ORDERS, 'no order was written, neither of that line nor of the others', {
    status: 'failed',
    inserted: 0,
  })
  await stage.did(CUSTOMERS, 'the customers went on', { updated: 1 })

  stage.act('The file is mended')
  await stage.sql('4-mended.sql')
  await stage.tidemark('resume --last')
  await stage.did(ORDERS, 'the run that failed is done: 500 orders, and no other twice', { inserted: 500 })
}
