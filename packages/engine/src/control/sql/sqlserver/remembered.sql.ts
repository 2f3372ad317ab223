import { text } from '../decode.ts'
import { decodeFreshness, decodeReject, decodeUnmatched } from '../decode-rows.ts'
import type { RememberedStatements } from '../statements.ts'
import { BINARY, effect, hashOf, int, jsonOf, KEEPING_PLACE, keyAmong, NOW } from './sql-parts.ts'

/** Of a table, or of `inserted.`. */
const rejectOf = (row: string): string =>
  `${row}id, ${row}flow, ${row}run, ${row}batch, ${row}[key], ${row}code, ${row}message, ${row}state, ${row}times,
   ${row}created_at, coalesce(${row}last_at, ${row}created_at) as last_at, ${row}closed_at, ${row}closed_by, ${row}closed_reason`

const UNMATCHED = 'openjson(@p3) with (alias nvarchar(max), [key] nvarchar(max), position nvarchar(max)) x'
const SAME_UNMATCHED = `u.flow = @p1 and u.alias = x.alias ${BINARY} and u.key_hash = ${hashOf('x.[key]')}`

const REJECTED = 'openjson(@p4) with ([key] nvarchar(max), code nvarchar(max), message nvarchar(max)) x'
const SAME_REJECT = `r.flow = @p1 and r.state = N'open' and r.key_hash = ${hashOf('x.[key]')}`

/** What is there is updated, what is not is inserted, and between the two nobody else inserts it. */
export const sqlServerRemembered: RememberedStatements = {
  freshness: () => ({
    text: 'select flow, scope, complete_at, held_back from tidemark.freshness order by flow, scope',
    params: [],
    decode: decodeFreshness,
  }),
  unmatched: ({ flow }) => ({
    text: `select flow, alias, [key], position, first_seen_at, state from tidemark.unmatched
            where flow = @p1 order by first_seen_at, alias, [key]`,
    params: [flow],
    decode: decodeUnmatched,
  }),
  openUnmatched: ({ flow, run, rows }) =>
    effect(
      `declare @now nvarchar(30) = ${NOW};
       update u
          set position = x.position, run = @p2, state = N'open', closed_at = null,
              first_seen_at = case when u.state = N'open' then u.first_seen_at else @now end
         from tidemark.unmatched u ${KEEPING_PLACE}
         join ${UNMATCHED} on ${SAME_UNMATCHED};
       insert into tidemark.unmatched (flow, alias, [key], position, run)
       select @p1, x.alias, x.[key], x.position, @p2
         from ${UNMATCHED}
        where not exists (select 1 from tidemark.unmatched u ${KEEPING_PLACE} where ${SAME_UNMATCHED})`,
      [flow, run, jsonOf(rows)],
    ),
  closeUnmatched: ({ flow, run, keys, to }) =>
    effect(
      `update tidemark.unmatched set state = @p4, run = @p2, closed_at = ${NOW}
        where flow = @p1 and state = N'open' and ${keyAmong(3)}`,
      [flow, run, jsonOf(keys), to],
    ),

  rejects: ({ flow, state, limit }) => {
    const narrowed = [...(flow === null ? [] : ['flow = @p1']), ...(state === 'all' ? [] : [`state = N'open'`])]
    const top = limit === null ? '' : `top (cast(@p${flow === null ? 1 : 2} as bigint)) `
    return {
      text: `select ${top}${rejectOf('')} from tidemark.reject${narrowed.length === 0 ? '' : ` where ${narrowed.join(' and ')}`}
              order by id desc`,
      params: [...(flow === null ? [] : [flow]), ...(limit === null ? [] : [limit])],
      decode: decodeReject,
    }
  },
  openRejects: ({ flow, run, batch, rows }) =>
    effect(
      `update r
          set times = r.times + case when r.run = @p2 and exists (select r.batch intersect select ${int(3)}) then 0 else 1 end,
              last_at = ${NOW}, run = @p2, batch = ${int(3)}, code = x.code, message = x.message
         from tidemark.reject r ${KEEPING_PLACE}
         join ${REJECTED} on ${SAME_REJECT};
       insert into tidemark.reject (flow, run, batch, [key], code, message)
       select @p1, @p2, ${int(3)}, x.[key], x.code, x.message
         from ${REJECTED}
        where not exists (select 1 from tidemark.reject r ${KEEPING_PLACE} where ${SAME_REJECT})`,
      [flow, run, batch, jsonOf(rows)],
    ),
  closeRejects: ({ flow, run, keys, reason }) =>
    effect(
      `update tidemark.reject
          set state = case when @p4 is null then N'delivered' else N'dismissed' end, closed_at = ${NOW},
              closed_by = @p2, closed_reason = @p4
        where flow = @p1 and state = N'open' and run <> @p2 and ${keyAmong(3)}`,
      [flow, run, jsonOf(keys), reason],
    ),
  closeOthersOfBatch: ({ run, batch, keys }) =>
    effect(
      `update tidemark.reject set state = N'delivered', closed_at = ${NOW}, closed_by = @p1
        where run = @p1 and batch = ${int(2)} and state = N'open' and not ${keyAmong(3)}`,
      [run, batch, jsonOf(keys)],
    ),
  dismissRejects: ({ flow, ids, by, reason }) => ({
    text: `update tidemark.reject set state = N'dismissed', closed_at = ${NOW}, closed_by = @p3, closed_reason = @p4
           output ${rejectOf('inserted.')}
            where flow = @p1 and state = N'open' and id in (select cast(j.value as bigint) from openjson(@p2) j)`,
    params: [flow, JSON.stringify(ids), by, reason],
    decode: decodeReject,
  }),

  look: ({ flow, scope }) => ({
    text: 'select value from tidemark.look where flow = @p1 and scope = @p2',
    params: [flow, scope],
    decode: (raw) => text(raw, 'value'),
  }),
  putLook: ({ flow, scope, value, run }) =>
    effect(
      `declare @looks int;
       update tidemark.look ${KEEPING_PLACE} set value = @p3, run = @p4, updated_at = ${NOW}
        where flow = @p1 and scope = @p2;
       set @looks = @@rowcount;
       if @looks = 0
         insert into tidemark.look (flow, scope, value, run) values (@p1, @p2, @p3, @p4)`,
      [flow, scope, value, run],
    ),
}
