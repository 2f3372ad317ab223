/** The options of a connection to a folder of files, with their defaults. */
import { AppError } from '../../runtime/app-error.ts'

export type FileFormat = 'csv' | 'parquet'

export interface CsvOptions {
  /** null: found out from each file */
  readonly delimiter: string | null
  readonly quote: string
  readonly escape: string
  readonly header: boolean
  /** unquoted, it is NULL; quoted it is a text */
  readonly nullText: string
  readonly encoding: string
  readonly decimalSeparator: '.' | ','
  readonly dateFormat: string | null
  readonly timestampFormat: string | null
  readonly columns: Readonly<Record<string, string>>
}

export interface FilesOptions {
  readonly folder: string
  /** null: by each file's extension */
  readonly format: FileFormat | null
  readonly csv: CsvOptions
}

/** The grammar has checked them. */
export function filesOptions(options: Readonly<Record<string, unknown>>): FilesOptions {
  const folder = options['path']
  if (typeof folder !== 'string' || folder === '') throw new AppError('TM1011', 'a files connection needs path: FOLDER')
  const csv = (options['csv'] ?? {}) as Readonly<Record<string, unknown>>
  const text = (name: string): string | null => (typeof csv[name] === 'string' ? csv[name] : null)
  const quote = text('quote') ?? '"'
  return {
    folder,
    format: (options['format'] as FileFormat | undefined) ?? null,
    csv: {
      delimiter: text('delimiter'),
      quote,
      escape: text('escape') ?? quote,
      header: csv['header'] !== false,
      nullText: text('null_text') ?? '',
      encoding: text('encoding') ?? 'utf-8',
      decimalSeparator: text('decimal_separator') === ',' ? ',' : '.',
      dateFormat: text('date_format'),
      timestampFormat: text('timestamp_format'),
      columns: (csv['columns'] ?? {}) as Readonly<Record<string, string>>,
    },
  }
}
