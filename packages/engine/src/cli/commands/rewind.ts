import type { RewindPreview } from '../../app/app.ts'
import type { Command } from '../command.ts'
import { confirm } from '../confirm.ts'
import { argument } from '../option-reader.ts'
import { flowName } from '../print/flow-name.ts'
import { counted } from '../print/numbers.ts'
import { renderFields } from '../print/table.ts'
import type { Style } from '../print/style.ts'

export const rewind: Command = async (context, { args, options }) => {
  const wanted = { flow: argument(args, 0), scope: options.scope(), to: options.required('--to') }
  const reason = options.required('--reason')
  const yes = options.flag('--yes')
  await using app = await context.openApp()

  const preview = await app.previewRewind(wanted)
  if (!yes && !context.json) context.note(previewText(preview, context.noteStyle))
  await confirm(context, yes, 'Rewind?', `rewind of ${flowName(preview.flow, preview.scope)} to ${preview.to}`)
  const done = await app.rewind({ ...wanted, reason })
  context.answer(
    documentOf(done),
    () => `${context.screen.style.good('rewound')}   ${previewLine(done)}\nDeliver again: tidemark run ${done.flow}\n`,
  )
  return 0
}

function previewText(preview: RewindPreview, style: Style): string {
  return renderFields(
    [
      ['rewind', flowName(preview.flow, preview.scope)],
      ['watermark', `${preview.from ?? 'none'} → ${preview.to}`],
      [
        'delivers again',
        preview.redelivered === null
          ? 'a number of rows that cannot be counted here'
          : counted(preview.redelivered, 'row'),
      ],
      ['supersedes', preview.supersedes.length === 0 ? 'no run' : preview.supersedes.join(', ')],
    ],
    style,
  ).trimEnd()
}

const previewLine = ({ flow, scope, from, to, redelivered, supersedes }: RewindPreview): string =>
  [
    `${flowName(flow, scope)} from ${from ?? 'none'} to ${to}`,
    redelivered === null ? '' : `${counted(redelivered, 'row')} come again`,
    supersedes.length === 0 ? '' : `${supersedes.join(', ')} superseded`,
  ]
    .filter((t) => t !== '')
    .join(' · ')

const documentOf = ({ flow, scope, from, to, redelivered, supersedes }: RewindPreview): object => ({
  flow,
  scope,
  from,
  to,
  redelivered,
  supersedes,
})
