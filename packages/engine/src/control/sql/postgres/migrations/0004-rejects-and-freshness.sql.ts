/** What a quarantined row needs to be listed, retried and dismissed; how old the data is. Frozen once released. */
const TEXT = 'text collate "C"'
const NOW = `to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`

export const rejectsAndFreshnessMigration = {
  version: 4,
  name: '0004-rejects-and-freshness',
  text: `
alter table tidemark.reject add column batch integer;
alter table tidemark.reject add column times integer not null default 1;
alter table tidemark.reject add column last_at ${TEXT};
alter table tidemark.reject add column closed_reason ${TEXT};
create index reject_of_batch on tidemark.reject (run, batch) where state = 'open';
create index reject_of_run on tidemark.reject (run);
create index unmatched_of_run on tidemark.unmatched (run);
comment on column tidemark.reject.batch is 'of that run; null: left out by the capture';
comment on column tidemark.reject.times is 'how many batches or runs rejected it';
comment on column tidemark.reject.last_at is 'when it was rejected last; null: as created_at';
comment on column tidemark.reject.closed_reason is 'why it was dismissed';

-- Seconds from a time in UTC, or with its zone, until now; null for a text that is no time.
create function tidemark.seconds_since(moment text) returns numeric language plpgsql volatile as $$
begin
  if moment !~ '^\\d{4}-\\d\\d-\\d\\d' then return null; end if;
  if moment !~ '\\d:\\d\\d.*(Z|[+-]\\d\\d(:?\\d\\d)?)$' then moment := moment || 'Z'; end if;
  return round(greatest(0, extract(epoch from clock_timestamp() - moment::timestamptz)), 3);
exception when data_exception then
  return null;
end $$;

-- One line per flow and scope: how far it is, how old its data is, how its last run ended, who works on it, what is open.
-- complete_at: when a run last left in the target everything that was due (open rejects excepted); a run that a
-- transaction held back, one of a period and one of rejects alone do not count.
-- lag_seconds: clock less position; null for positions that are no time in UTC.
drop view tidemark.freshness;
create view tidemark.freshness as
with place (flow, scope) as (
  select module || '.' || id, '{}' from tidemark.task where type = 'flow'
  union select flow, scope from tidemark.watermark
  union select flow, scope from tidemark.run
),
last_run as (
  select r.* from tidemark.run r
   where r.seq = (select max(o.seq) from tidemark.run o where o.flow = r.flow and o.scope = r.scope)
),
complete (flow, scope, at) as (
  select flow, scope, max(created_at) from tidemark.run
   where (state in ('succeeded', 'succeeded_with_rejects')
          or state = 'nothing_to_do' and coalesce(reason, '') not like 'held back by transaction%')
     and coalesce(window_decided_by, '') not in ('period', 'retry')
   group by flow, scope
),
seen as (
  select p.flow, p.scope,
         case when l.state = 'nothing_to_do' and l.window_up_to is not null then l.window_up_to else w.position end as position,
         coalesce(t.transformation_config -> 'capture' ->> 'clock', 'utc') = 'utc' as is_utc
    from place p
    left join tidemark.watermark w on w.flow = p.flow and w.scope = p.scope
    left join last_run l on l.flow = p.flow and l.scope = p.scope
    left join tidemark.task t on t.module || '.' || t.id = p.flow
)
select p.flow, p.scope, w.position, w.updated_at as position_since, w.run as position_by,
       c.at as complete_at, tidemark.seconds_since(c.at) as age_seconds,
       case when s.is_utc then tidemark.seconds_since(s.position) end as lag_seconds,
       case when l.state = 'nothing_to_do' and l.reason like 'held back by transaction%' then l.reason end as held_back,
       l.id as last_run, l.state as last_state, coalesce(l.finished_at, l.started_at, l.created_at) as last_at,
       l.error_code, l.error_message, l.waiting_rows, l.waiting_until,
       h.actor || '@' || h.host || ' (pid ' || h.pid || ')' as held_by, h.expires_at as held_until,
       (select count(*) from tidemark.reject x where x.flow = p.flow and x.state = 'open') as open_rejects,
       (select count(*) from tidemark.unmatched u where u.flow = p.flow and u.state = 'open') as unmatched
  from place p
  join seen s on s.flow = p.flow and s.scope = p.scope
  left join tidemark.watermark w on w.flow = p.flow and w.scope = p.scope
  left join complete c on c.flow = p.flow and c.scope = p.scope
  left join last_run l on l.flow = p.flow and l.scope = p.scope
  left join tidemark.lease h on h.flow = p.flow and h.worker is not null and h.expires_at > ${NOW}
 order by p.flow, p.scope;
`,
} as const
