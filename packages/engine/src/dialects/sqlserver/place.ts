/** Another database of the server, or one of a linked server: what is asked there is answered there. */
import { ident, joined, param, paramsOf, type Sql, sql, textLiteral } from '../sql-text.ts'
import { Secret } from '../../runtime/secret.ts'
import { tsql } from './style.ts'

export interface PositionPlace {
  /** a linked server, by its name here; null: the session's own */
  readonly server: string | null
  /** null: the session's own, of which it is asked as it stands */
  readonly database: string | null
}

export const HERE: PositionPlace = { server: null, database: null }

export const placeText = ({ server, database }: PositionPlace): string => [server, database].filter((x) => x).join('.')

/**
 * The statement, with that database for its own: `DB_ID()`, `MIN_ACTIVE_ROWVERSION()` and views without a database's name
 * mean it, whatever the session's own is. A linked server has to allow calls (RPC OUT).
 */
export function asked({ server, database }: PositionPlace, statement: Sql): Sql {
  if (database === null) return statement
  const values = paramsOf(statement)
  const names = values.map((_, i) => `@p${i + 1} nvarchar(4000)`).join(', ')
  const given = values.map((value) => {
    if (value instanceof Secret) throw new TypeError('a secret is not handed on to another database')
    return sql`, ${param(value)}`
  })
  const declared = values.length === 0 ? sql`` : sql`, N${textLiteral(names)}`
  return sql`EXEC ${server === null ? ident(database) : ident(server, database)}.sys.sp_executesql N${textLiteral(tsql(statement))}${declared}${joined(given, '')}`
}
