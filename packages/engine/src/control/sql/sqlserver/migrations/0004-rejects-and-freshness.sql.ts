/** What a quarantined row needs to be listed, retried and dismissed; how old the data is. Frozen once released. */
const BINARY = 'collate Latin1_General_100_BIN2'
const TEXT = `nvarchar(max) ${BINARY}`
const TIME = `nvarchar(30) ${BINARY}`
const NOW = `(stuff(convert(nvarchar(23), cast(sysutcdatetime() as datetime2(3)), 121), 11, 1, N'T') + N'Z')`

const describe = (column: string, text: string): string =>
  `exec sys.sp_addextendedproperty @name = N'MS_Description', @value = N'${text}',
  @level0type = N'SCHEMA', @level0name = N'tidemark', @level1type = N'TABLE', @level1name = N'reject',
  @level2type = N'COLUMN', @level2name = N'${column}';`

export const rejectsAndFreshnessMigration = {
  version: 4,
  name: '0004-rejects-and-freshness',
  text: `
alter table tidemark.reject add
  batch int null,
  times int not null constraint reject_times_default default 1,
  last_at ${TIME} null,
  closed_reason ${TEXT} null;
go
create index reject_of_batch on tidemark.reject (run, batch) where state = N'open';
create index reject_of_run on tidemark.reject (run);
create index unmatched_of_run on tidemark.unmatched (run);
${[
  describe('batch', 'of that run; null: left out by the capture'),
  describe('times', 'how many batches or runs rejected it'),
  describe('last_at', 'when it was rejected last; null: as created_at'),
  describe('closed_reason', 'why it was dismissed'),
].join('\n')}
go
-- Seconds from a time in UTC, or with its zone, until now; null for a text that is no time.
create function tidemark.seconds_since (@moment nvarchar(max)) returns decimal(38, 3) as
begin
  if @moment is null or @moment not like N'[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]%' return null;
  -- a zone of whole hours
  if @moment like N'%:[0-9][0-9]%[+-][0-9][0-9]' set @moment = @moment + N':00';
  declare @ms bigint = datediff_big(millisecond, try_convert(datetimeoffset(7), @moment), sysdatetimeoffset());
  return case when @ms < 0 then 0 else @ms / 1000.0 end;
end;
go
drop view tidemark.freshness;
go
-- One line per flow and scope: how far it is, how old its data is, how its last run ended, who works on it, what is open.
-- complete_at: when a run last left in the target everything that was due (open rejects excepted); a run that a
-- transaction held back, one of a period and one of rejects alone do not count.
-- lag_seconds: clock less position; null for positions that are no time in UTC.
create view tidemark.freshness as
with place (flow, scope) as (
  select module + N'.' + id, N'{}' from tidemark.task where type = N'flow'
  union select flow, scope from tidemark.watermark
  union select flow, scope from tidemark.run
),
last_run as (
  select r.* from tidemark.run r
   where r.seq = (select max(o.seq) from tidemark.run o where o.flow = r.flow and o.scope = r.scope)
),
complete (flow, scope, [at]) as (
  select flow, scope, max(created_at) from tidemark.run
   where (state in (N'succeeded', N'succeeded_with_rejects')
          or state = N'nothing_to_do' and coalesce(reason, N'') not like N'held back by transaction%')
     and coalesce(window_decided_by, N'') not in (N'period', N'retry')
   group by flow, scope
),
seen as (
  select p.flow, p.scope,
         case when l.state = N'nothing_to_do' and l.window_up_to is not null then l.window_up_to else w.position end as position,
         case when coalesce(json_value(t.transformation_config, '$.capture.clock'), N'utc') = N'utc' then 1 else 0 end as is_utc
    from place p
    left join tidemark.watermark w on w.flow = p.flow and w.scope = p.scope
    left join last_run l on l.flow = p.flow and l.scope = p.scope
    left join tidemark.task t on t.module + N'.' + t.id = p.flow
)
select p.flow, p.scope, w.position, w.updated_at as position_since, w.run as position_by,
       c.[at] as complete_at, tidemark.seconds_since(c.[at]) as age_seconds,
       case when s.is_utc = 1 then tidemark.seconds_since(s.position) end as lag_seconds,
       case when l.state = N'nothing_to_do' and l.reason like N'held back by transaction%' then l.reason end as held_back,
       l.id as last_run, l.state as last_state, coalesce(l.finished_at, l.started_at, l.created_at) as last_at,
       l.error_code, l.error_message, l.waiting_rows, l.waiting_until,
       h.actor + N'@' + h.host + N' (pid ' + convert(nvarchar(11), h.pid) + N')' as held_by, h.expires_at as held_until,
       (select count(*) from tidemark.reject x where x.flow = p.flow and x.state = N'open') as open_rejects,
       (select count(*) from tidemark.unmatched u where u.flow = p.flow and u.state = N'open') as unmatched
  from place p
  join seen s on s.flow = p.flow and s.scope = p.scope
  left join tidemark.watermark w on w.flow = p.flow and w.scope = p.scope
  left join complete c on c.flow = p.flow and c.scope = p.scope
  left join last_run l on l.flow = p.flow and l.scope = p.scope
  left join tidemark.lease h on h.flow = p.flow and h.worker is not null and h.expires_at > ${NOW};
`,
} as const
