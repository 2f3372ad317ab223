import type { Command } from '../command.ts'
import { flowName } from '../print/flow-name.ts'
import { renderTable } from '../print/table.ts'
import { localTime, offset } from '../print/times.ts'

export const watermarks: Command = async (context) => {
  await using app = await context.openApp()
  const document = await app.watermarks()
  context.answer(document, () => {
    const { style, width, zone, now } = context.screen
    if (document.watermarks.length === 0) return 'No watermark yet: the first run of a flow sets one.\n'
    const columns = [
      { header: 'FLOW', cut: true },
      { header: 'WATERMARK' },
      { header: 'RUN' },
      { header: `SET AT (${offset(now, zone)})` },
      { header: 'SOURCE', cut: true },
    ]
    const rows = document.watermarks.map((w) => [
      flowName(w.flow, w.scope),
      w.position ?? '–',
      w.run,
      localTime(w.updated_at, zone),
      w.source,
    ])
    return renderTable(columns, rows, width, style)
  })
  return 0
}
