import { decodeWatermark } from '../decode-rows.ts'
import type { WatermarkStatements } from '../statements.ts'
import { attempt, NOW } from './sql-parts.ts'

const WATERMARK = 'select flow, scope, position, run, version, coverage, source, updated_at from tidemark.watermark'

export const postgresWatermark: WatermarkStatements = {
  find: ({ flow, scope }) => ({
    text: `${WATERMARK} where flow = $1 and scope = $2`,
    params: [flow, scope],
    decode: decodeWatermark,
  }),
  list: () => ({ text: `${WATERMARK} order by flow, scope`, params: [], decode: decodeWatermark }),
  insert: ({ flow, scope, position, run, coverage, source }) =>
    attempt(
      `insert into tidemark.watermark (flow, scope, position, run, version, coverage, source)
       values ($1, $2, $3, $4, 1, $5, $6) on conflict (flow, scope) do nothing returning 1`,
      [flow, scope, position, run, coverage, source],
    ),
  update: ({ flow, scope, position, run, version, coverage, source }) =>
    attempt(
      `update tidemark.watermark
          set position = $4, run = $5, version = version + 1, coverage = $6, source = $7, updated_at = ${NOW}
        where flow = $1 and scope = $2 and version = $3 returning 1`,
      [flow, scope, version, position, run, coverage, source],
    ),
}
