/** The options of a connection to a folder of files. */
import { z } from 'zod'
import { name, refuse, strictMap, valueText } from './schema-parts.ts'
import { typeText } from './type-text.ts'

const oneCharacter = z.string().regex(/^[^\r\n]$/u, 'must be one character')
const format = z.string().min(1, 'is empty').regex(/%/, 'must be a format such as %d.%m.%Y')

/** How its CSV files are written; what is left out is found out from each file. */
const csv = strictMap({
  delimiter: z
    .string()
    .regex(/^[^\r\n]{1,4}$/u, 'must be one to four characters')
    .optional(),
  /** an empty text: nothing is quoted */
  quote: z.union([oneCharacter, z.literal('')], 'must be one character, or an empty text').optional(),
  escape: oneCharacter.optional(),
  header: z.boolean().optional(),
  /** the text, unquoted, that stands for NULL */
  null_text: valueText.optional(),
  encoding: z.enum(['utf-8', 'utf-16', 'latin-1']).optional(),
  decimal_separator: z.enum(['.', ',']).optional(),
  date_format: format.optional(),
  timestamp_format: format.optional(),
  /** column → its type, where it is not to be guessed */
  columns: z.record(z.string(), typeText).optional(),
}).transform((given, ctx) => {
  const { delimiter, quote, decimal_separator: separator } = given
  if (delimiter !== undefined && delimiter === quote)
    refuse(ctx, 'quote is the same character as delimiter', { tm: 'TM1019' }, ['quote'])
  if (delimiter !== undefined && delimiter === separator && separator === ',' && quote === '')
    refuse(ctx, 'decimal_separator is the same character as delimiter, and nothing is quoted', { tm: 'TM1019' }, [
      'decimal_separator',
    ])
  return given
})

export const filesSchema = strictMap({
  /** the folder; tables are paths and patterns below it */
  path: name,
  /** left out: by each file's extension */
  format: z.enum(['csv', 'parquet']).optional(),
  csv: csv.optional(),
}).transform((given, ctx) => {
  if (given.format === 'parquet' && given.csv !== undefined)
    refuse(ctx, 'csv says nothing about format: parquet', { tm: 'TM1019' }, ['csv'])
  return given
})

export type FilesOptions = z.output<typeof filesSchema>
