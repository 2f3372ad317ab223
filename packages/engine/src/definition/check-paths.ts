/** Tables of connections to files: paths below a folder. */
import type { TableName } from '@tidemark/contract/flow'
import type { FlowBody } from '@tidemark/contract/flow-schema'
import { formatTableName } from '@tidemark/contract/table-name'
import type { Finding } from './finding.ts'

const APPLIES = ['insert-missing', 'replace']

/** `isPath`: whether the tables of a connection are paths. */
export function* pathsOf(
  { source, target, apply }: FlowBody,
  isPath: (connection: string) => boolean,
): Generator<Finding> {
  const read = [source.table, ...source.joins.map(({ table }) => table)]
  if (isPath(source.connection)) {
    for (const [i, table] of read.entries())
      yield* insideOf(table, i === 0 ? ['source', 'table'] : ['source', 'join', i - 1, 'table'])
    for (const [i, condition] of source.where.entries())
      if (condition.kind === 'in-table')
        yield* insideOf(condition.table, ['source', 'where', i, condition.not ? 'not_in' : 'in', 'table'])
  }
  if (!isPath(target.connection)) return
  yield* insideOf(target.table, ['target', 'table'])
  if (/[*?[]/.test(textOf(target.table))) {
    const message = `"${formatTableName(target.table)}" is a pattern: what a run writes has one place`
    yield { code: 'TM1029', path: ['target', 'table'], message, hint: 'name a folder' }
  }
  if (!APPLIES.includes(apply.kind)) {
    const message = `files cannot be changed, so apply: ${apply.kind} cannot write them: choose ${APPLIES.join(' or ')}`
    yield { code: 'TM1019', path: ['apply'], message }
  }
}

/** `orders.csv` was read as two parts. */
const textOf = (table: TableName): string => table.join('.')

function* insideOf(table: TableName, path: readonly PropertyKey[]): Generator<Finding> {
  const text = textOf(table)
  const absolute = /^[/\\]|^[A-Za-z][A-Za-z0-9+.-]*:/.test(text)
  if (!absolute && !text.split(/[/\\]/).includes('..')) return
  const message = `"${text}" ${absolute ? 'is not below the folder of the connection' : 'leaves the folder of the connection'}`
  yield { code: 'TM1029', path, message }
}
