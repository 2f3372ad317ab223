/** The proof: source and target row by row, by key and content. Reads both; writes nothing. */
import type { DemoDatabase, Office, OfficeWords } from './demo-database.ts'

interface Side {
  readonly rows: bigint
  readonly bytes: bigint
}

export interface Comparison {
  readonly source: Side
  readonly target: Side
  /** in the source alone */
  readonly missing: bigint
  /** in the target alone */
  readonly surplus: bigint
  /** same key, another content, name, place or time */
  readonly different: bigint
  /** rows of the target whose key another one has too */
  readonly duplicates: bigint
  /** rows of the target whose parent is not there */
  readonly parentless: bigint
  /** places of the first few */
  readonly examples: readonly string[]
}

export const differencesOf = (c: Comparison): bigint =>
  c.missing + c.surplus + c.different + c.duplicates + c.parentless

/** What of two rows of one key must be the same, hashed. */
function hashed({ jsonArray, sha256, bytes }: OfficeWords): string {
  const content = jsonArray([
    'name',
    'path_locator',
    'parent_path_locator',
    'is_directory',
    sha256('file_stream'),
    'CAST(creation_time AS VARCHAR)',
    'CAST(last_write_time AS VARCHAR)',
  ])
  return `SELECT stream_id, path_locator, coalesce(octet_length(file_stream), 0) AS bytes, ${sha256(bytes(content))} AS content`
}

const DIFFERS = 's.stream_id IS NULL OR t.stream_id IS NULL OR s.content <> t.content'

export const compare = (database: DemoDatabase): Promise<Comparison> => database.inBoth(compareTables)

async function compareTables(session: Office, source: string, target: string): Promise<Comparison> {
  await session.run(`CREATE TEMP TABLE s AS ${hashed(session.words)} FROM ${source}`)
  await session.run(`CREATE TEMP TABLE t AS ${hashed(session.words)} FROM ${target}`)
  const numbers = await numbersOf(
    session,
    `SELECT
      (SELECT count(*) FROM s), (SELECT coalesce(sum(bytes), 0) FROM s),
      (SELECT count(*) FROM t), (SELECT coalesce(sum(bytes), 0) FROM t),
      (SELECT count(*) FROM s WHERE NOT EXISTS (SELECT 1 FROM t WHERE t.stream_id = s.stream_id)),
      (SELECT count(*) FROM t WHERE NOT EXISTS (SELECT 1 FROM s WHERE s.stream_id = t.stream_id)),
      (SELECT count(*) FROM s JOIN t USING (stream_id) WHERE s.content <> t.content),
      (SELECT count(*) - count(DISTINCT stream_id) FROM t),
      (SELECT count(*) FROM ${target} AS c WHERE parent_path_locator IS NOT NULL
        AND NOT EXISTS (SELECT 1 FROM ${target} AS p WHERE p.path_locator = c.parent_path_locator AND p.is_directory))`,
  )
  const [sourceRows, sourceBytes, targetRows, targetBytes, missing, surplus, different, duplicates, parentless] =
    numbers
  const examples = await session.rows(
    `SELECT coalesce(s.path_locator, t.path_locator) AS place FROM s FULL JOIN t USING (stream_id) WHERE ${DIFFERS} ORDER BY place LIMIT 5`,
  )
  return {
    source: { rows: sourceRows ?? 0n, bytes: sourceBytes ?? 0n },
    target: { rows: targetRows ?? 0n, bytes: targetBytes ?? 0n },
    missing: missing ?? 0n,
    surplus: surplus ?? 0n,
    different: different ?? 0n,
    duplicates: duplicates ?? 0n,
    parentless: parentless ?? 0n,
    examples: examples.map(([place]) => place ?? ''),
  }
}

async function numbersOf(session: Office, text: string): Promise<readonly bigint[]> {
  const [row = []] = await session.rows(text)
  return row.map((value) => BigInt(value ?? 0))
}
