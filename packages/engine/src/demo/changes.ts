/** What people do to the documents between two runs. Each change is one transaction of the source. */
import type { DuckdbSession } from '../drivers/duckdb.ts'
import { inTransaction, NOW, numberOf, streamId, UNITS } from './office.ts'

/** Greater files are not edited: the demo shows that changes arrive, not how fast a disk is. */
const EDITABLE_BYTES = 64 * 1024

export interface EditWish {
  /** at most so many files */
  readonly files: number
  /** null: of any unit */
  readonly unit: string | null
  /** another word, another choice of files */
  readonly salt: string
}

/** Appends a line to files chosen by chance, the same ones each time. How many. */
export async function editFiles(session: DuckdbSession, { files, unit, salt }: EditWish): Promise<number> {
  await session.run('CREATE OR REPLACE TEMP TABLE edited (stream_id UUID)')
  await session.run(
    `INSERT INTO edited SELECT f.stream_id FROM files AS f JOIN metadata AS m USING (stream_id)
      WHERE NOT is_directory AND octet_length(file_stream) <= ${EDITABLE_BYTES} AND ($1 IS NULL OR owning_business_unit = $1)
      ORDER BY md5(path_locator || $2) LIMIT $3`,
    [unit, salt, files],
  )
  await inTransaction(session, async () => {
    await session.run(
      `UPDATE files SET file_stream = file_stream || encode($1), last_write_time = ${NOW} WHERE stream_id IN (FROM edited)`,
      [`\nedited: ${salt}`],
    )
    await session.run(`UPDATE metadata SET modified_on = ${NOW} WHERE stream_id IN (FROM edited)`)
  })
  return numberOf(session, 'SELECT count(*) FROM edited')
}

interface NewRow {
  readonly name: string
  /** its parent's locator; null: directly below the root */
  readonly parent: string | null
  /** null: a folder */
  readonly text: string | null
}

const locatorOf = ({ parent, name }: NewRow): string => (parent === null ? name : `${parent}/${name}`)

async function insertFile(session: DuckdbSession, row: NewRow): Promise<void> {
  const locator = locatorOf(row)
  await session.run(`INSERT INTO files SELECT ${streamId('$1')}, $2, $1, $3, $4 IS NULL, encode($4), ${NOW}, ${NOW}`, [
    locator,
    row.name,
    row.parent,
    row.text,
  ])
}

const insertMetadata = async (session: DuckdbSession, row: NewRow, unit: string): Promise<bigint> =>
  session.run(`INSERT INTO metadata SELECT ${streamId('$1')}, ${NOW}, $2`, [locatorOf(row), unit])

/** The folder that new files arrive in; numbered where the tree has one of that name already. */
export async function freeName(session: DuckdbSession, wanted: string): Promise<string> {
  for (let n = 1; ; n++) {
    const name = n === 1 ? wanted : `${wanted} ${n}`
    if ((await numberOf(session, 'SELECT count(*) FROM files WHERE path_locator = $1', [name])) === 0) return name
  }
}

/** Names that break what is quoted carelessly, an empty file, an empty folder, folders within folders. */
const arrivals = (top: string): readonly NewRow[] => [
  { name: top, parent: null, text: null },
  { name: 'letters', parent: top, text: null },
  { name: '2026', parent: `${top}/letters`, text: null },
  { name: 'O\'Neill; "draft".txt', parent: `${top}/letters/2026`, text: "Dear Ms O'Neill,\n" },
  { name: 'Llythyr – ŵyl y môr 🌊.txt', parent: `${top}/letters/2026`, text: 'Annwyl bawb,\n' },
  { name: 'empty.txt', parent: `${top}/letters`, text: '' },
  { name: 'empty folder', parent: top, text: null },
  ...Array.from({ length: 20 }, (_, i) => ({
    name: `scan ${String(i + 1).padStart(2, '0')}.txt`,
    parent: `${top}/letters/2026`,
    text: `Page ${i + 1}\n`.repeat(i + 1),
  })),
]

/** New folders with new files; how many rows. */
export async function addFiles(session: DuckdbSession, top: string): Promise<number> {
  const rows = arrivals(top)
  await inTransaction(session, async () => {
    for (const [i, row] of rows.entries()) {
      await insertFile(session, row)
      await insertMetadata(session, row, UNITS[i % UNITS.length] ?? UNITS[0])
    }
  })
  return rows.length
}

export interface Move {
  readonly from: string
  readonly to: string
  /** the folder itself left out */
  readonly rowsBelow: number
  readonly levels: number
}

/** The folder with the most below it, three levels if there are any, but no more than a quarter of all; null: the tree has none. */
async function findMovable(session: DuckdbSession, into: string): Promise<Omit<Move, 'to'> | null> {
  const [row] = await session.rows(
    `SELECT folder, count(*) AS below, max(levels) AS levels FROM (
        SELECT array_to_string(parts[1:i], '/') AS folder, len(parts) - i AS levels
        FROM (SELECT string_split(path_locator, '/') AS parts FROM files), unnest(range(1, len(parts))) AS t(i))
      WHERE folder <> $1 AND NOT starts_with(folder, $1 || '/')
      GROUP BY folder HAVING count(*) * 4 <= (SELECT count(*) FROM files)
      ORDER BY least(max(levels), 3) DESC, count(*) DESC, folder LIMIT 1`,
    [into],
  )
  return row === undefined ? null : { from: row[0] ?? '', rowsBelow: Number(row[1]), levels: Number(row[2]) }
}

/**
 * Moves a folder as a FileTable does: the locators of everything below change with it, but only the folder's own
 * metadata are stamped, because the application touched nothing else.
 */
export async function moveFolder(session: DuckdbSession, into: string): Promise<Move | null> {
  const found = await findMovable(session, into)
  if (found === null) return null
  const { from } = found
  const to = `${into}/${from.slice(from.lastIndexOf('/') + 1)}`
  await inTransaction(session, async () => {
    // length() counts characters, as substr() does
    await session.run(
      `UPDATE files SET
          path_locator = $2 || substr(path_locator, length($1) + 1),
          parent_path_locator = CASE WHEN path_locator = $1 THEN $3 ELSE $2 || substr(parent_path_locator, length($1) + 1) END
        WHERE path_locator = $1 OR starts_with(path_locator, $1 || '/')`,
      [from, to, into],
    )
    await session.run(
      `UPDATE metadata SET modified_on = ${NOW} WHERE stream_id = (SELECT stream_id FROM files WHERE path_locator = $1)`,
      [to],
    )
  })
  return { ...found, to }
}

const lateFiles = (top: string): readonly NewRow[] =>
  [1, 2, 3].map((n) => ({ name: `fax ${n}.txt`, parent: `${top}/letters`, text: `Page ${n} of 3\n` }))

/** The metadata of files whose rows are not there yet; how many. */
export async function announceFiles(session: DuckdbSession, top: string): Promise<number> {
  const rows = lateFiles(top)
  await inTransaction(session, async () => {
    for (const row of rows) await insertMetadata(session, row, UNITS[0])
  })
  return rows.length
}

/** The files that were announced; their metadata keep their old stamp. */
export async function deliverAnnounced(session: DuckdbSession, top: string): Promise<number> {
  const rows = lateFiles(top)
  await inTransaction(session, async () => {
    for (const row of rows) await insertFile(session, row)
  })
  return rows.length
}
