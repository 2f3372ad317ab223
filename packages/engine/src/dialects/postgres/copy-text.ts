/**
 * COPY takes no parameters: values are written into its text, quoted, and secrets are read by the server from a setting
 * of the transaction, so that no text of a statement shows one.
 */
import type { PostgresSession } from '../../drivers/postgres.ts'
import { Secret } from '../../runtime/secret.ts'
import { doubleQuoted, inlinedAs, paramsOf, type ParamValue, type Sql } from '../sql-text.ts'
import type { Wire } from '../departure.ts'

const setting = (n: number): string => `tidemark.secret_${n}`

const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`

function literal(value: ParamValue, secrets: readonly Secret[]): string {
  if (value === null) return 'NULL'
  if (typeof value === 'boolean') return value ? 'TRUE' : 'FALSE'
  if (value instanceof Secret) return `pg_catalog.current_setting('${setting(secrets.indexOf(value))}')`
  return quoted(value)
}

export interface Inlined {
  readonly text: string
  readonly secrets: readonly Secret[]
}

export function inlined(statement: Sql): Inlined {
  const secrets = [...new Set(paramsOf(statement).filter((value) => value instanceof Secret))]
  return { text: inlinedAs(statement, (value) => literal(value, secrets)), secrets }
}

/** For the rest of the transaction. */
export async function setSecrets(session: PostgresSession, { secrets }: Inlined): Promise<void> {
  for (const [n, secret] of secrets.entries())
    await session.rows('SELECT pg_catalog.set_config($1, $2, true)', [setting(n), secret.reveal()])
}

const FORMAT: Readonly<Record<Wire, string>> = {
  pgcopy: '(FORMAT binary)',
  csv: "(FORMAT csv, NULL '', ENCODING 'UTF8')",
}

export const copyOutText = (select: Inlined, wire: Wire): string => `COPY (${select.text}) TO STDOUT ${FORMAT[wire]}`

/** `table`: quoted already. */
export const copyInText = (table: string, columns: readonly string[], wire: Wire): string =>
  `COPY ${table} (${columns.map(doubleQuoted).join(', ')}) FROM STDIN ${FORMAT[wire]}`
