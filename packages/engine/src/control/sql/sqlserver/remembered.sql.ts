import { text } from '../decode.ts'
import { decodeFreshness, decodeReject, decodeUnmatched } from '../decode-rows.ts'
import type { RememberedStatements } from '../statements.ts'
import { effect, hashOf, int, KEEPING_PLACE, keyAmong, NOW, packed, textOf } from './sql-parts.ts'

const REJECT = `id, flow, run, batch, [key], code, message, state, times,
   created_at, coalesce(last_at, created_at) as last_at, closed_at, closed_by, closed_reason`

const UNMATCHED = `(select ${textOf('alias', 4)} as alias, ${textOf('key', 4)} as [key], ${textOf('position', 4)} as position
                 from openjson(@p3) with (alias_at int, alias_length int, key_at int, key_length int,
                                          position_at int, position_length int) x) given`
const SAME_UNMATCHED = `u.flow = @p1 and u.alias = given.alias and u.key_hash = ${hashOf('given.[key]')}`

const REJECTED = `(select ${textOf('key', 5)} as [key], ${textOf('code', 5)} as code, ${textOf('message', 5)} as message
                from openjson(@p4) with (key_at int, key_length int, code_at int, code_length int,
                                         message_at int, message_length int) x) given`
const SAME_REJECT = `r.flow = @p1 and r.state = N'open' and r.key_hash = ${hashOf('given.[key]')}`

const packedKeys = (keys: readonly string[]) => packed(keys.map((key) => ({ key })))

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
          set position = given.position, run = @p2, state = N'open', closed_at = null,
              first_seen_at = case when u.state = N'open' then u.first_seen_at else @now end
         from tidemark.unmatched u ${KEEPING_PLACE}
         join ${UNMATCHED} on ${SAME_UNMATCHED};
       insert into tidemark.unmatched (flow, alias, [key], position, run)
       select @p1, given.alias, given.[key], given.position, @p2
         from ${UNMATCHED}
        where not exists (select 1 from tidemark.unmatched u ${KEEPING_PLACE} where ${SAME_UNMATCHED})`,
      [flow, run, ...packed(rows.map(({ key, alias, position }) => ({ key, alias, position })))],
    ),
  closeUnmatched: ({ flow, run, keys, to }) =>
    effect(
      `update tidemark.unmatched set state = @p5, run = @p2, closed_at = ${NOW}
        where flow = @p1 and state = N'open' and ${keyAmong(3)}`,
      [flow, run, ...packedKeys(keys), to],
    ),

  rejects: ({ flow, state, limit }) => {
    const narrowed = [...(flow === null ? [] : ['flow = @p1']), ...(state === 'all' ? [] : [`state = N'open'`])]
    const top = limit === null ? '' : `top (cast(@p${flow === null ? 1 : 2} as bigint)) `
    return {
      text: `select ${top}${REJECT} from tidemark.reject${narrowed.length === 0 ? '' : ` where ${narrowed.join(' and ')}`}
              order by id desc`,
      params: [...(flow === null ? [] : [flow]), ...(limit === null ? [] : [limit])],
      decode: decodeReject,
    }
  },
  openRejects: ({ flow, run, batch, rows }) =>
    effect(
      `update r
          set times = r.times + case when r.run = @p2 and exists (select r.batch intersect select ${int(3)}) then 0 else 1 end,
              last_at = ${NOW}, run = @p2, batch = ${int(3)}, code = given.code, message = given.message
         from tidemark.reject r ${KEEPING_PLACE}
         join ${REJECTED} on ${SAME_REJECT};
       insert into tidemark.reject (flow, run, batch, [key], code, message)
       select @p1, @p2, ${int(3)}, given.[key], given.code, given.message
         from ${REJECTED}
        where not exists (select 1 from tidemark.reject r ${KEEPING_PLACE} where ${SAME_REJECT})`,
      [flow, run, batch, ...packed(rows.map(({ key, code, message }) => ({ key, code, message })))],
    ),
  closeRejects: ({ flow, run, keys, reason }) =>
    effect(
      `update tidemark.reject
          set state = case when @p5 is null then N'delivered' else N'dismissed' end, closed_at = ${NOW},
              closed_by = @p2, closed_reason = @p5
        where flow = @p1 and state = N'open' and run <> @p2 and ${keyAmong(3)}`,
      [flow, run, ...packedKeys(keys), reason],
    ),
  closeOthersOfBatch: ({ run, batch, keys }) =>
    effect(
      `update tidemark.reject set state = N'delivered', closed_at = ${NOW}, closed_by = @p1
        where run = @p1 and batch = ${int(2)} and state = N'open' and not ${keyAmong(3)}`,
      [run, batch, ...packedKeys(keys)],
    ),
  dismissRejects: ({ flow, ids, by, reason }) => ({
    text: `declare @closed table (id bigint not null);
           update tidemark.reject set state = N'dismissed', closed_at = ${NOW}, closed_by = @p3, closed_reason = @p4
           output inserted.id into @closed (id)
            where flow = @p1 and state = N'open' and id in (select cast(j.value as bigint) from openjson(@p2) j);
           select ${REJECT} from tidemark.reject where id in (select id from @closed)`,
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
