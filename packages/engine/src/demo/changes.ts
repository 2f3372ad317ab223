/** What people do to the documents between two runs. Each change is one transaction of the source. */
import { streamId, UNITS } from './business-units.ts'
import { numberOf, type Office } from './demo-database.ts'

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
export async function editFiles(office: Office, { files, unit, salt }: EditWish): Promise<number> {
  await office.run('DROP TABLE IF EXISTS edited')
  await office.run('CREATE TEMP TABLE edited (stream_id UUID)')
  await office.run(
    `INSERT INTO edited SELECT f.stream_id FROM files AS f JOIN metadata AS m USING (stream_id)
      WHERE NOT is_directory AND octet_length(file_stream) <= ${EDITABLE_BYTES} AND (CAST($1 AS VARCHAR) IS NULL OR owning_business_unit = $1)
      ORDER BY md5(path_locator || $2) LIMIT CAST($3 AS BIGINT)`,
    [unit, salt, String(files)],
  )
  await office.inTransaction(async () => {
    await office.run(
      `UPDATE files SET file_stream = file_stream || ${office.words.bytes('$1')}, last_write_time = ${office.words.now} WHERE stream_id IN (SELECT stream_id FROM edited)`,
      [`\nedited: ${salt}`],
    )
    await office.run(
      `UPDATE metadata SET modified_on = ${office.words.now} WHERE stream_id IN (SELECT stream_id FROM edited)`,
    )
  })
  return numberOf(office, 'SELECT count(*) FROM edited')
}

interface NewRow {
  readonly name: string
  /** its parent's locator; null: directly below the root */
  readonly parent: string | null
  /** null: a folder */
  readonly text: string | null
}

const locatorOf = ({ parent, name }: NewRow): string => (parent === null ? name : `${parent}/${name}`)

async function insertFile(office: Office, row: NewRow): Promise<void> {
  const locator = locatorOf(row)
  const { bytes, now } = office.words
  const text = 'CAST($4 AS VARCHAR)'
  await office.run(
    `INSERT INTO files SELECT ${streamId('$1')}, $2, $1, $3, ${text} IS NULL, ${bytes(text)}, ${now}, ${now}`,
    [locator, row.name, row.parent, row.text],
  )
}

const insertMetadata = async (office: Office, row: NewRow, unit: string): Promise<bigint> =>
  office.run(`INSERT INTO metadata SELECT ${streamId('$1')}, ${office.words.now}, $2`, [locatorOf(row), unit])

/** The folder that new files arrive in; numbered where the tree has one of that name already. */
export async function freeName(office: Office, wanted: string): Promise<string> {
  for (let n = 1; ; n++) {
    const name = n === 1 ? wanted : `${wanted} ${n}`
    if ((await numberOf(office, 'SELECT count(*) FROM files WHERE path_locator = $1', [name])) === 0) return name
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
export async function addFiles(office: Office, top: string): Promise<number> {
  const rows = arrivals(top)
  await office.inTransaction(async () => {
    for (const [i, row] of rows.entries()) {
      await insertFile(office, row)
      await insertMetadata(office, row, UNITS[i % UNITS.length] ?? UNITS[0])
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
async function findMovable(office: Office, into: string): Promise<Omit<Move, 'to'> | null> {
  const [row] = await office.rows(
    `WITH RECURSIVE above AS (
        SELECT parent_path_locator AS folder, 1 AS levels FROM files WHERE parent_path_locator IS NOT NULL
        UNION ALL
        SELECT f.parent_path_locator, a.levels + 1 FROM above AS a JOIN files AS f ON f.path_locator = a.folder
        WHERE f.parent_path_locator IS NOT NULL)
      SELECT folder, count(*), max(levels) FROM above
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
export async function moveFolder(office: Office, into: string): Promise<Move | null> {
  const found = await findMovable(office, into)
  if (found === null) return null
  const { from } = found
  const to = `${into}/${from.slice(from.lastIndexOf('/') + 1)}`
  await office.inTransaction(async () => {
    // length() counts characters, as substr() does
    await office.run(
      `UPDATE files SET
          path_locator = $2 || substr(path_locator, length($1) + 1),
          parent_path_locator = CASE WHEN path_locator = $1 THEN $3 ELSE $2 || substr(parent_path_locator, length($1) + 1) END
        WHERE path_locator = $1 OR starts_with(path_locator, $1 || '/')`,
      [from, to, into],
    )
    await office.run(
      `UPDATE metadata SET modified_on = ${office.words.now} WHERE stream_id = (SELECT stream_id FROM files WHERE path_locator = $1)`,
      [to],
    )
  })
  return { ...found, to }
}

const lateFiles = (top: string): readonly NewRow[] =>
  [1, 2, 3].map((n) => ({ name: `fax ${n}.txt`, parent: `${top}/letters`, text: `Page ${n} of 3\n` }))

/** The metadata of files whose rows are not there yet; how many. */
export async function announceFiles(office: Office, top: string): Promise<number> {
  const rows = lateFiles(top)
  await office.inTransaction(async () => {
    for (const row of rows) await insertMetadata(office, row, UNITS[0])
  })
  return rows.length
}

/** The files that were announced; their metadata keep their old stamp. */
export async function deliverAnnounced(office: Office, top: string): Promise<number> {
  const rows = lateFiles(top)
  await office.inTransaction(async () => {
    for (const row of rows) await insertFile(office, row)
  })
  return rows.length
}

/** One more file, within the transaction that is open. */
export async function putLetter(office: Office, top: string): Promise<void> {
  const row = { name: 'a letter that took its time.txt', parent: `${top}/letters`, text: 'Dear all,\n' }
  await insertFile(office, row)
  await insertMetadata(office, row, UNITS[0])
}
