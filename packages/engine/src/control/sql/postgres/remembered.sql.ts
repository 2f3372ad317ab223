import { text } from '../decode.ts'
import { decodeFreshness, decodeReject, decodeUnmatched } from '../decode-rows.ts'
import type { RememberedStatements } from '../statements.ts'
import { amongTexts, effect, jsonOf, NOW } from './sql-parts.ts'

const REJECT =
  'id, flow, run, batch, key, code, message, state, times, created_at, coalesce(last_at, created_at) as last_at, closed_at, closed_by, closed_reason'

export const postgresRemembered: RememberedStatements = {
  freshness: () => ({
    text: 'select flow, scope, complete_at, held_back from tidemark.freshness',
    params: [],
    decode: decodeFreshness,
  }),
  unmatched: ({ flow }) => ({
    text: `select flow, alias, key, position, first_seen_at, state from tidemark.unmatched
            where flow = $1 order by first_seen_at, alias, key`,
    params: [flow],
    decode: decodeUnmatched,
  }),
  openUnmatched: ({ flow, run, rows }) =>
    effect(
      `insert into tidemark.unmatched as u (flow, alias, key, position, run)
       select $1, x.alias, x.key, x.position, $2
         from json_to_recordset($3::json) as x (alias text, key text, position text)
           on conflict (flow, alias, key) do update
          set position = excluded.position, run = excluded.run, state = 'open', closed_at = null,
              first_seen_at = case when u.state = 'open' then u.first_seen_at else excluded.first_seen_at end`,
      [flow, run, jsonOf(rows)],
    ),
  closeUnmatched: ({ flow, run, keys, to }) =>
    effect(
      `update tidemark.unmatched set state = $4, run = $2, closed_at = ${NOW}
        where flow = $1 and state = 'open' and ${amongTexts('key', 3)}`,
      [flow, run, jsonOf(keys), to],
    ),

  rejects: ({ flow, state, limit }) => ({
    text: `select ${REJECT} from tidemark.reject
            where ($1::text is null or flow = $1::text) and ($2::text = 'all' or state = $2::text)
            order by id desc limit $3::bigint`,
    params: [flow, state, limit],
    decode: decodeReject,
  }),
  openRejects: ({ flow, run, batch, rows }) =>
    effect(
      `insert into tidemark.reject as r (flow, run, batch, key, code, message)
       select $1, $2, $3::integer, x.key, x.code, x.message
         from json_to_recordset($4::json) as x (key text, code text, message text)
           on conflict (flow, key) where state = 'open' do update
          set times = r.times + (r.run <> excluded.run or r.batch is distinct from excluded.batch)::integer,
              last_at = ${NOW}, run = excluded.run, batch = excluded.batch, code = excluded.code,
              message = excluded.message`,
      [flow, run, batch, jsonOf(rows)],
    ),
  closeRejects: ({ flow, run, keys, reason }) =>
    effect(
      `update tidemark.reject
          set state = case when $4::text is null then 'delivered' else 'dismissed' end, closed_at = ${NOW},
              closed_by = $2, closed_reason = $4::text
        where flow = $1 and state = 'open' and run <> $2 and ${amongTexts('key', 3)}`,
      [flow, run, jsonOf(keys), reason],
    ),
  closeOthersOfBatch: ({ run, batch, keys }) =>
    effect(
      `update tidemark.reject set state = 'delivered', closed_at = ${NOW}, closed_by = $1
        where run = $1 and batch = $2::integer and state = 'open' and not (${amongTexts('key', 3)})`,
      [run, batch, jsonOf(keys)],
    ),
  dismissRejects: ({ flow, ids, by, reason }) => ({
    text: `update tidemark.reject set state = 'dismissed', closed_at = ${NOW}, closed_by = $3, closed_reason = $4
            where flow = $1 and state = 'open' and id in (select e::bigint from json_array_elements_text($2::json) as e)
           returning ${REJECT}`,
    params: [flow, JSON.stringify(ids), by, reason],
    decode: decodeReject,
  }),

  look: ({ flow, scope }) => ({
    text: 'select value from tidemark.look where flow = $1 and scope = $2',
    params: [flow, scope],
    decode: (raw) => text(raw, 'value'),
  }),
  putLook: ({ flow, scope, value, run }) =>
    effect(
      `insert into tidemark.look (flow, scope, value, run) values ($1, $2, $3, $4)
           on conflict (flow, scope) do update set value = excluded.value, run = excluded.run, updated_at = ${NOW}`,
      [flow, scope, value, run],
    ),
}
