import { ERROR_CODES, ERRORS, type ErrorCode, isErrorCode } from '@tidemark/contract/error-codes'
import { didYouMean } from '../../runtime/did-you-mean.ts'
import type { Command } from '../command.ts'
import { usage } from '../option-reader.ts'
import { explainText } from '../print/error.ts'
import { renderTable } from '../print/table.ts'

export const explain: Command = async (context, { args }) => {
  const asked = args[0]
  const { style, width } = context.screen
  if (asked === undefined) {
    const all = ERROR_CODES.map((code) => ({ code, title: ERRORS[code].title }))
    context.answer({ errors: all }, () =>
      renderTable(
        [{ header: 'CODE' }, { header: 'TITLE' }],
        all.map(({ code, title }) => [code, title]),
        width,
        style,
      ),
    )
    return 0
  }
  const code = findCode(asked)
  const { title, meaning, remedy, retry, exit } = ERRORS[code]
  context.answer({ code, title, meaning, remedy, retry, exit }, () => explainText(code, style))
  return 0
}

/** `TM1012`, `tm1012` or `1012`. */
function findCode(asked: string): ErrorCode {
  const code = asked.toUpperCase().replace(/^(?:TM)?(?=\d)/, 'TM')
  if (isErrorCode(code)) return code
  const near = didYouMean(code, ERROR_CODES)
  throw usage(
    `no error ${asked}${near !== null && isErrorCode(near) ? `   did you mean ${near} (${ERRORS[near].title})?` : ''}   tidemark explain lists them all`,
  )
}
