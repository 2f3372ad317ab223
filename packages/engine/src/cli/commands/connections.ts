import type { Command } from '../command.ts'
import { renderTable } from '../print/table.ts'

export const connections: Command = async (context) => {
  await using app = await context.openApp()
  const found = await app.connections()
  context.answer({ connections: found }, () => {
    const { style, width } = context.screen
    if (found.length === 0) return 'No connection: define one under connections: in tidemark.yaml.\n'
    const columns = [
      { header: 'CONNECTION', cut: true },
      { header: 'KIND' },
      { header: 'LOCATION', cut: true },
      { header: 'STATE' },
    ]
    const rows = found.map((c) => [
      c.id,
      c.kind,
      c.location,
      {
        text: [c.ok ? 'ok' : 'not reached', c.detail].filter((t) => t !== '').join(': '),
        paint: c.ok ? style.good : style.bad,
      },
    ])
    return renderTable(columns, rows, width, style)
  })
  return 0
}
