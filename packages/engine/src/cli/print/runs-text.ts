import type { RunsDocument } from '@tidemark/contract/api'
import { flowName } from './flow-name.ts'
import { count } from './numbers.ts'
import type { Screen } from './screen.ts'
import { statusPaint, statusWords } from './status-words.ts'
import { renderTable } from './table.ts'
import { duration, localTime, offset } from './times.ts'

export function runsText({ runs }: RunsDocument, { style, width, now, zone }: Screen): string {
  if (runs.length === 0) return 'No run yet: tidemark run --all\n'
  const columns = [
    { header: 'RUN' },
    { header: 'FLOW', cut: true },
    { header: 'STATUS' },
    { header: `STARTED (${offset(now, zone)})` },
    { header: 'TOOK', align: 'right' },
    { header: 'READ', align: 'right' },
    { header: 'INSERTED', align: 'right' },
    { header: 'UPDATED', align: 'right' },
    { header: '' },
  ] as const
  const rows = runs.map((run) => [
    run.run ?? '–',
    flowName(run.flow, run.scope),
    { text: statusWords(run.status), paint: statusPaint(run.status, style) },
    run.started_at === null ? '–' : localTime(run.started_at, zone),
    duration(run.duration_ms),
    count(run.rows.read),
    count(run.rows.inserted),
    count(run.rows.updated),
    run.error?.code ??
      (run.superseded_by === null
        ? run.attempts > 1
          ? `${count(run.attempts)} attempts`
          : ''
        : `by ${run.superseded_by}`),
  ])
  return renderTable(columns, rows, width, style)
}
