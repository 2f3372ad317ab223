/** What people query by hand. A view has no order: whoever asks says ORDER BY. Frozen once released. */
const NOW = `(stuff(convert(nvarchar(23), cast(sysutcdatetime() as datetime2(3)), 121), 11, 1, N'T') + N'Z')`

export const viewsMigration = {
  version: 3,
  name: '0003-views',
  text: `
-- What ran, how it ended, how much it moved. ORDER BY started_at DESC has the newest first.
create view tidemark.run_summary as
select r.id as run, r.run_group, r.flow, r.scope, r.state, r.reason, r.lane,
       r.window_after, r.window_up_to, r.window_decided_by, r.waiting_rows, r.waiting_until,
       r.rows_read, r.rows_inserted, r.rows_updated, r.rows_deleted,
       r.rows_skipped_same + r.rows_skipped_older as rows_skipped, r.rows_rejected,
       concat(r.batches_done, N'/', r.batches) as batches,
       r.started_at, r.finished_at, r.duration_ms / 1000.0 as seconds, r.attempts,
       r.error_code, r.error_message, r.actor, r.command, r.superseded_by
  from tidemark.run r;
go
-- One line per flow and scope: how far it is, how its last run ended, who works on it, what is open.
create view tidemark.freshness as
with place (flow, scope) as (
  select module + N'.' + id, N'{}' from tidemark.task where type = N'flow'
  union select flow, scope from tidemark.watermark
  union select flow, scope from tidemark.run
),
last_run as (
  select r.* from tidemark.run r
   where r.seq = (select max(o.seq) from tidemark.run o where o.flow = r.flow and o.scope = r.scope)
)
select p.flow, p.scope, w.position, w.updated_at as position_since, w.run as position_by,
       l.id as last_run, l.state as last_state, coalesce(l.finished_at, l.started_at, l.created_at) as last_at,
       l.error_code, l.error_message, l.waiting_rows, l.waiting_until,
       h.actor + N'@' + h.host + N' (pid ' + convert(nvarchar(11), h.pid) + N')' as held_by, h.expires_at as held_until,
       (select count(*) from tidemark.reject x where x.flow = p.flow and x.state = N'open') as open_rejects,
       (select count(*) from tidemark.unmatched u where u.flow = p.flow and u.state = N'open') as unmatched
  from place p
  left join tidemark.watermark w on w.flow = p.flow and w.scope = p.scope
  left join last_run l on l.flow = p.flow and l.scope = p.scope
  left join tidemark.lease h on h.flow = p.flow and h.worker is not null and h.expires_at > ${NOW};
`,
} as const
