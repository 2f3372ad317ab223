/** The figures as an aligned table. */
import { PLAIN } from '../packages/engine/src/cli/print/style.ts'
import { renderTable } from '../packages/engine/src/cli/print/table.ts'
import { verdictOf } from './limits.ts'
import type { Result } from './result.ts'

const COLUMNS = ['bench', 'ours', 'reference', '', 'ratio', 'runs', 'peak MB', 'limit']

export const resultsText = (suite: string, results: readonly Result[]): string =>
  renderTable(
    COLUMNS.map((header, i) => ({ header, align: i === 0 || i === 3 || i === 7 ? 'left' : 'right' })),
    results.map((r) => [
      r.name,
      figure(r.ours),
      figure(r.reference),
      r.unit,
      r.ratio.toFixed(2),
      String(r.runs),
      String(r.peak_rss_mb),
      verdictOf(suite, r),
    ]),
    null,
    PLAIN,
  )

const figure = (n: number): string => (n >= 100 ? n.toFixed(0) : n.toFixed(2))
