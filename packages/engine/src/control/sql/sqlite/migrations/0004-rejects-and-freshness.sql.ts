/** What a quarantined row needs to be listed, retried and dismissed; how old the data is. Frozen once released. */
const NOW = `strftime('%Y-%m-%dT%H:%M:%fZ', 'now')`
const secondsSince = (time: string): string =>
  `round(max(0, unixepoch('now', 'subsec') - unixepoch(${time}, 'subsec')), 3)`

export const rejectsAndFreshnessMigration = {
  version: 4,
  name: '0004-rejects-and-freshness',
  text: `
alter table reject add column batch integer;       -- of that run; null: left out by the capture
alter table reject add column times integer not null default 1;  -- how many batches or runs rejected it
alter table reject add column last_at text;        -- when it was rejected last; null: as created_at
alter table reject add column closed_reason text;  -- why it was dismissed; closed_by dismiss-N: N is the id in audit
create index reject_of_batch on reject (run, batch) where state = 'open';
create index reject_of_run on reject (run);
create index unmatched_of_run on unmatched (run);

-- One line per flow and scope: how far it is, how old its data is, how its last run ended, who works on it, what is open.
-- complete_at: when a run last left in the target everything that was due (open rejects excepted); a run that a
-- transaction held back, one of a period and one of rejects alone do not count.
-- lag_seconds: clock less position; null for positions that are no time in UTC.
drop view freshness;
create view freshness as
with place (flow, scope) as (
  select module || '.' || id, '{}' from task where type = 'flow'
  union select flow, scope from watermark
  union select flow, scope from run
),
last_run as (
  select r.* from run r where r.seq = (select max(o.seq) from run o where o.flow = r.flow and o.scope = r.scope)
),
complete (flow, scope, at) as (
  select flow, scope, max(created_at) from run
   where (state in ('succeeded', 'succeeded_with_rejects')
          or state = 'nothing_to_do' and coalesce(reason, '') not like 'held back by transaction%')
     and coalesce(window_decided_by, '') not in ('period', 'retry')
   group by flow, scope
),
seen as (
  select p.flow, p.scope,
         iif(l.state = 'nothing_to_do' and l.window_up_to is not null, l.window_up_to, w.position) as position,
         coalesce(t.transformation_config ->> '$.capture.clock', 'utc') = 'utc' as is_utc
    from place p
    left join watermark w on w.flow = p.flow and w.scope = p.scope
    left join last_run l on l.flow = p.flow and l.scope = p.scope
    left join task t on t.module || '.' || t.id = p.flow
)
select p.flow, p.scope, w.position, w.updated_at as position_since, w.run as position_by,
       c.at as complete_at, ${secondsSince('c.at')} as age_seconds,
       case when s.is_utc and s.position glob '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]*'
            then ${secondsSince('s.position')} end as lag_seconds,
       iif(l.state = 'nothing_to_do' and l.reason like 'held back by transaction%', l.reason, null) as held_back,
       l.id as last_run, l.state as last_state, coalesce(l.finished_at, l.started_at, l.created_at) as last_at,
       l.error_code, l.error_message, l.waiting_rows, l.waiting_until,
       h.actor || '@' || h.host || ' (pid ' || h.pid || ')' as held_by, h.expires_at as held_until,
       (select count(*) from reject x where x.flow = p.flow and x.state = 'open') as open_rejects,
       (select count(*) from unmatched u where u.flow = p.flow and u.state = 'open') as unmatched
  from place p
  join seen s on s.flow = p.flow and s.scope = p.scope
  left join watermark w on w.flow = p.flow and w.scope = p.scope
  left join complete c on c.flow = p.flow and c.scope = p.scope
  left join last_run l on l.flow = p.flow and l.scope = p.scope
  left join lease h on h.flow = p.flow and h.worker is not null and h.expires_at > ${NOW}
 order by p.flow, p.scope;
`,
} as const
