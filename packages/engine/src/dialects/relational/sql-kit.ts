/**
 * What differs between databases in the statements that a bench is made of. The statements themselves are one text for
 * all of them: `capture.sql.ts`, `tree.sql.ts`, `apply.sql.ts` and their like. An expression given as `x` may stand more
 * than once in what is made of it, so it should be a column.
 */
import type { Secret } from '../../runtime/secret.ts'
import type { Sql } from '../sql-text.ts'
import type { Readable } from './keys-in.sql.ts'

/** A value of a composite key, and its type. */
export interface KeyPart {
  readonly type: string
  /** of the column that `x` is, where it has one of its own */
  readonly collation?: string
  readonly x: Sql
}

export interface SqlKit {
  /** A row is read as a whole, so that one pass over a table costs what its largest column costs. */
  readonly storesRows: boolean
  /** Tables that we make have a primary key. DuckDB's have none: the apply statements keep it, twice as fast. */
  readonly declaresKeys: boolean
  /** A JSON array of these values' texts, as VARCHAR: the canonical text of a composite key. */
  keyJson(parts: readonly KeyPart[]): Sql
  /**
   * The values of a list as a subselect of that type: one parameter, however long the list. `collation`: of the column that
   * is compared with it, where it has one of its own.
   */
  listOf(values: readonly string[], type: string, collation?: string): Sql
  /** Texts that `listOf` surely reads as values of that type; null: none are known. */
  readable(type: string): Readable | null
  /** The objects of a JSON array: a relation with one column `x`, whose members are read with `x ->> 'name'`. */
  objectsOf(json: Sql): Sql
  /** A text as a JSON string. */
  jsonText(text: Sql): Sql
  /** The type of any text. */
  readonly textType: string
  /** The value that this text says, in canonical notation. */
  valueOf(type: string, text: Sql): Sql
  /** The value in the database's own notation, every digit of it. */
  asText(type: string, x: Sql): Sql
  /** As a predicate: equal as the type compares, or both NULL. */
  isSame(a: Sql, b: Sql): Sql
  /** A text as that collation compares it. */
  collated(x: Sql, collation: string): Sql
  /** Equal as bits: −0.0 is not 0.0, 30 days are not a month, a collation has no say; NULL equals NULL. */
  sameContent(type: string, a: Sql, b: Sql): Sql
  /** What `=` compares bit by bit, of a value of that type. */
  bits(type: string, x: Sql): Sql
  /** Bytes that a value takes in a batch; null: a type of a fixed size. */
  byteSize(type: string, x: Sql): Sql | null
  /** docs/canonical-text.md; null: the type has none. */
  canonicalText(type: string, x: Sql): Sql | null
  /** The value as `target` holds it, or NULL where that would say less or something else. */
  exactCast(source: string, target: string, x: Sql): Sql
  /** The value as `target` holds it, or NULL where it does not fit at all. */
  tryCast(source: string, target: string, x: Sql): Sql
  /** HMAC-SHA-256 of a text in UTF-8, as 64 hexadecimal digits; NULL stays NULL. */
  hmac(key: Secret, text: Sql): Sql
  /** `a` divided by `b`, rounded down; both are BIGINT and not negative. */
  wholeDivision(a: Sql, b: Sql): Sql
  /** A table of the captured keys as this SELECT gives it, whatever had its name. */
  remakeTable(name: Sql, select: Sql): readonly Sql[]
  /** The same of an empty table with these columns. */
  remakeEmpty(name: Sql, columns: Sql): readonly Sql[]
  /** A relation of the batch's own transaction, by its bare name. */
  remakeTemp(name: Sql, select: Sql): readonly Sql[]
  remakeEmptyTemp(name: Sql, columns: Sql): readonly Sql[]
  /** Where a stored row of that alias is, while nobody writes its table but this transaction. */
  address(alias: string): Sql
  /** A moment (timestamp without a zone) in milliseconds. */
  epochMs(timestamp: Sql): Sql
  /** So many milliseconds, BIGINT, as an interval. */
  milliseconds(n: Sql): Sql
}

/** What only the statements that DuckDB and PostgreSQL share ask for. */
export type SharedAlone =
  | 'storesRows'
  | 'declaresKeys'
  | 'objectsOf'
  | 'bits'
  | 'wholeDivision'
  | 'remakeEmpty'
  | 'remakeTemp'
  | 'address'
  | 'epochMs'
  | 'milliseconds'
