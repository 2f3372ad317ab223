import { parseFlowId, parseRunId } from '@tidemark/contract/ids'
import { errorCode, int, oneOf, text, textOrNull } from '../decode.ts'
import type { RememberedStatements } from '../statements.ts'
import { effect, NOW } from './sql-parts.ts'

export const sqliteRemembered: RememberedStatements = {
  unmatched: ({ flow }) => ({
    text: `select flow, alias, key, position, first_seen_at, state from unmatched where flow = ?1 order by first_seen_at, alias, key`,
    params: [flow],
    decode: (raw) => ({
      flow: parseFlowId(text(raw, 'flow')),
      key: text(raw, 'key'),
      alias: text(raw, 'alias'),
      position: textOrNull(raw, 'position'),
      firstSeenAt: text(raw, 'first_seen_at'),
      state: oneOf(raw, 'state', ['open', 'found', 'given_up'] as const),
    }),
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

  rejects: ({ flow }) => ({
    text: `select id, flow, run, key, code, message, state, created_at from reject where flow = ?1 and state = 'open' order by id`,
    params: [flow],
    decode: (raw) => ({
      id: int(raw, 'id'),
      flow: parseFlowId(text(raw, 'flow')),
      run: parseRunId(text(raw, 'run')),
      key: text(raw, 'key'),
      code: errorCode(raw, 'code'),
      message: text(raw, 'message'),
      state: oneOf(raw, 'state', ['open', 'delivered', 'dismissed'] as const),
      createdAt: text(raw, 'created_at'),
    }),
  }),
  openRejects: ({ flow, run, rows }) =>
    effect(
      `insert into reject (flow, run, key, code, message)
       select ?1, ?2, value ->> 'key', value ->> 'code', value ->> 'message' from json_each(?3) where true
           on conflict (flow, key) where state = 'open' do update
          set run = excluded.run, code = excluded.code, message = excluded.message`,
      [flow, run, JSON.stringify(rows)],
    ),
  deliverRejects: ({ flow, run, keys }) =>
    effect(
      `update reject set state = 'delivered', closed_at = ${NOW}, closed_by = ?2
        where flow = ?1 and state = 'open' and key in (select value from json_each(?3))`,
      [flow, run, JSON.stringify(keys)],
    ),

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
