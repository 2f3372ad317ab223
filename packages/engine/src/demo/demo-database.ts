/** What the demo plays on: the database of its source and its target. One folder a kind; the acts know none of them. */
import type { Tree } from './read-tree.ts'

/** A session that sees the tables `files` and `metadata` of the source by these names. Values are text. */
export interface Office {
  readonly words: OfficeWords
  rows(text: string, params?: readonly (string | null)[]): Promise<readonly (readonly (string | null)[])[]>
  /** Rows changed. */
  run(text: string, params?: readonly (string | null)[]): Promise<bigint>
  /** One transaction, so that all its rows carry one stamp. Not within another. */
  inTransaction<T>(work: () => Promise<T>): Promise<T>
}

/** Where the SQL of the demo is not the same everywhere: what makes an expression of one. */
export interface OfficeWords {
  /** the moment of the transaction, stamped by the database: what `modified_on` promises */
  readonly now: string
  /** the bytes of a text in UTF-8 */
  readonly bytes: (text: string) => string
  /** JSON keeps NULL from '' and one value from the next, whatever the text in them */
  readonly jsonArray: (values: readonly string[]) => string
  /** SHA-256 of bytes, as hexadecimal text */
  readonly sha256: (bytes: string) => string
}

export interface LoadReport {
  readonly folders: number
  readonly files: number
  readonly bytes: bigint
  /** parts of the longest path */
  readonly levels: number
  /** could be listed but not read */
  readonly unreadable: number
}

/** What the YAML of the project says of its databases. */
export interface Definitions {
  /** lines below `connections:` */
  readonly connections: readonly string[]
  readonly source: { readonly connection: string; readonly files: string; readonly metadata: string }
  readonly target: { readonly connection: string; readonly files: string }
  /** lines of the project's `.env`, where a secret may be in them */
  readonly env: readonly string[]
}

export interface DemoDatabase extends AsyncDisposable {
  readonly definitions: Definitions
  /** where the table of files is, as one would look for it */
  readonly place: string
  /** what the project plays on is there when the demo has ended */
  readonly stays: boolean
  /** others may have a transaction open in the source while a run reads it */
  readonly shared: boolean
  /** Makes the tables of the source anew and fills them. */
  load(tree: Tree, signal: AbortSignal): Promise<LoadReport>
  /** Opens the source for the time of `work` alone. */
  inOffice<T>(work: (office: Office) => Promise<T>): Promise<T>
  /** A session that sees both, and the names of their two tables of files there. */
  inBoth<T>(work: (session: Office, source: string, target: string) => Promise<T>): Promise<T>
}

/** The first value of the first row as a number. */
export async function numberOf(
  office: Pick<Office, 'rows'>,
  text: string,
  params: readonly (string | null)[] = [],
): Promise<number> {
  const [row] = await office.rows(text, params)
  return Number(row?.[0] ?? 0)
}

/** What is in the source's table of files. */
export async function reportOf(office: Pick<Office, 'rows'>, unreadable: number): Promise<LoadReport> {
  const [row = []] = await office.rows(
    `SELECT count(*) FILTER (WHERE is_directory), count(*) FILTER (WHERE NOT is_directory),
      coalesce(sum(octet_length(file_stream)), 0),
      coalesce(max(length(path_locator) - length(replace(path_locator, '/', '')) + 1), 0) FROM files`,
  )
  const [folders, files, bytes, levels] = row
  return {
    folders: Number(folders),
    files: Number(files),
    bytes: BigInt(bytes ?? 0),
    levels: Number(levels),
    unreadable,
  }
}
