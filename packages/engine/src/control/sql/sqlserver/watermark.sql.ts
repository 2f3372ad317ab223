import { decodeWatermark } from '../decode-rows.ts'
import type { WatermarkStatements } from '../statements.ts'
import { attempt, bigint, KEEPING_PLACE, NOW } from './sql-parts.ts'

const WATERMARK = 'select flow, scope, position, run, version, coverage, source, updated_at from tidemark.watermark'

export const sqlServerWatermark: WatermarkStatements = {
  find: ({ flow, scope }) => ({
    text: `${WATERMARK} where flow = @p1 and scope = @p2`,
    params: [flow, scope],
    decode: decodeWatermark,
  }),
  list: () => ({ text: `${WATERMARK} order by flow, scope`, params: [], decode: decodeWatermark }),
  insert: ({ flow, scope, position, run, coverage, source }) =>
    attempt(
      `insert into tidemark.watermark (flow, scope, position, run, version, coverage, source)
       output inserted.version
       select @p1, @p2, @p3, @p4, 1, @p5, @p6
        where not exists (select 1 from tidemark.watermark ${KEEPING_PLACE} where flow = @p1 and scope = @p2)`,
      [flow, scope, position, run, coverage, source],
    ),
  update: ({ flow, scope, position, run, version, coverage, source }) =>
    attempt(
      `update tidemark.watermark
          set position = @p4, run = @p5, version = version + 1, coverage = @p6, source = @p7, updated_at = ${NOW}
       output inserted.version
        where flow = @p1 and scope = @p2 and version = ${bigint(3)}`,
      [flow, scope, version, position, run, coverage, source],
    ),
}
