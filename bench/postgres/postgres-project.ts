/** Projects with a PostgreSQL database at an end, warmed by a table `warm` of a thousand rows. */
import type { End, ProjectText } from '../bench-project.ts'
import { copyAcross, psql } from './psql.ts'
import { type Key, makeOrders } from './orders.ts'

export const WARM_ROWS = 1_000

export const postgres = (url: string): string => `{ kind: postgres, url: ${JSON.stringify(url)} }`

export const inPublic = (connection: string, table: string): End => ({ connection, table: `public.${table}` })

/** From one database into the other. */
export const acrossDatabases = (
  source: string,
  target: string,
  { table, ...how }: Pick<ProjectText, 'capture' | 'apply' | 'memory'> & { readonly table: string },
): ProjectText => ({
  ...how,
  connections: { from: postgres(source), to: postgres(target) },
  orders: { source: inPublic('from', table), target: inPublic('to', 'orders') },
  warm: { source: inPublic('from', 'warm'), target: inPublic('to', 'warmed') },
})

/** The source's tables: the one that moves, and the small one. */
export function makeSource(url: string, rows: number, key: Key): void {
  makeOrders(url, rows, key, 'orders')
  makeOrders(url, WARM_ROWS, key, 'warm')
}

export const countOrders = (url: string): number => Number(psql(url, 'SELECT count(*) FROM orders'))

/** What a person would type: all rows by one binary COPY. */
export const copyOrders = (source: string, target: string, table = 'orders'): Promise<void> =>
  copyAcross(
    { url: source, copyToStdout: `COPY ${table} TO STDOUT (FORMAT binary)` },
    { url: target, statements: ['COPY orders FROM STDIN (FORMAT binary)'] },
  )
