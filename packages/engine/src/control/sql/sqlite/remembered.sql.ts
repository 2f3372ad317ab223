import { text } from '../decode.ts'
import { decodeFreshness, decodeReject, decodeUnmatched } from '../decode-rows.ts'
import type { RememberedStatements } from '../statements.ts'
import { effect, NOW } from './sql-parts.ts'

const REJECT =
  'id, flow, run, batch, key, code, message, state, times, created_at, coalesce(last_at, created_at) as last_at, closed_at, closed_by, closed_reason'

export const sqliteRemembered: RememberedStatements = {
  freshness: () => ({
    text: 'select flow, scope, complete_at, held_back from freshness',
    params: [],
    decode: decodeFreshness,
  }),
  unmatched: ({ flow }) => ({
    text: `select flow, alias, key, position, first_seen_at, state from unmatched where flow = ?1 order by first_seen_at, alias, key`,
    params: [flow],
    decode: decodeUnmatched,
  }),
  openUnmatched: ({ flow, run, rows }) =>
    effect(
      `insert into unmatched (flow, alias, key, position, run)
       select ?1, value ->> 'alias', value ->> 'key', value ->> 'position', ?2 from json_each(?3) where true
           on conflict (flow, alias, key) do update
          set position = excluded.position, run = excluded.run, state = 'open', closed_at = null,
              first_seen_at = iif(state = 'open', first_seen_at, excluded.first_seen_at)`,
      [flow, run, JSON.stringify(rows)],
    ),
  closeUnmatched: ({ flow, run, keys, to }) =>
    effect(
      `update unmatched set state = ?4, run = ?2, closed_at = ${NOW}
        where flow = ?1 and state = 'open' and key in (select value from json_each(?3))`,
      [flow, run, JSON.stringify(keys), to],
    ),

  rejects: ({ flow, state, limit }) => ({
    text: `select ${REJECT} from reject where (?1 is null or flow = ?1) and (?2 = 'all' or state = ?2)
            order by id desc limit coalesce(?3, -1)`,
    params: [flow, state, limit],
    decode: decodeReject,
  }),
  openRejects: ({ flow, run, batch, rows }) =>
    effect(
      `insert into reject (flow, run, batch, key, code, message)
       select ?1, ?2, ?3, value ->> 'key', value ->> 'code', value ->> 'message' from json_each(?4) where true
           on conflict (flow, key) where state = 'open' do update
          set times = times + (run <> excluded.run or batch is not excluded.batch), last_at = ${NOW},
              run = excluded.run, batch = excluded.batch, code = excluded.code, message = excluded.message`,
      [flow, run, batch, JSON.stringify(rows)],
    ),
  closeRejects: ({ flow, run, keys, reason }) =>
    effect(
      `update reject set state = iif(?4 is null, 'delivered', 'dismissed'), closed_at = ${NOW}, closed_by = ?2, closed_reason = ?4
        where flow = ?1 and state = 'open' and run <> ?2 and key in (select value from json_each(?3))`,
      [flow, run, JSON.stringify(keys), reason],
    ),
  closeOthersOfBatch: ({ run, batch, keys }) =>
    effect(
      `update reject set state = 'delivered', closed_at = ${NOW}, closed_by = ?1
        where run = ?1 and batch = ?2 and state = 'open' and key not in (select value from json_each(?3))`,
      [run, batch, JSON.stringify(keys)],
    ),
  dismissRejects: ({ flow, ids, by, reason }) => ({
    text: `update reject set state = 'dismissed', closed_at = ${NOW}, closed_by = ?3, closed_reason = ?4
            where flow = ?1 and state = 'open' and id in (select value from json_each(?2)) returning ${REJECT}`,
    params: [flow, JSON.stringify(ids), by, reason],
    decode: decodeReject,
  }),

  look: ({ flow, scope }) => ({
    text: 'select value from look where flow = ?1 and scope = ?2',
    params: [flow, scope],
    decode: (raw) => text(raw, 'value'),
  }),
  putLook: ({ flow, scope, value, run }) =>
    effect(
      `insert into look (flow, scope, value, run) values (?1, ?2, ?3, ?4)
           on conflict (flow, scope) do update set value = excluded.value, run = excluded.run, updated_at = ${NOW}`,
      [flow, scope, value, run],
    ),
}
