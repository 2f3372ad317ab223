/** Answers as a server gives them: to a statement with parameters each token is one of a procedure's. */
import type { Reply } from './peer-session.ts'
import type { PeerRequest } from './requests.ts'
import * as tokens from './tokens.ts'

/** Of a batch, or of a call with parameters. */
const ending = ({ kind }: PeerRequest, rows: bigint | null, failed = false): readonly Buffer[] => {
  const counted = rows === null ? {} : { rows }
  if (kind !== 'rpc') return [tokens.done({ ...counted, failed })]
  return [...(rows === null ? [] : [tokens.doneInProcedure(counted)]), tokens.doneProcedure({ failed })]
}

export const counted = (request: PeerRequest, rows: bigint): Reply => ({ tokens: ending(request, rows) })

export const selected = (
  request: PeerRequest,
  columns: readonly tokens.PeerColumn[],
  rows: readonly (readonly tokens.PeerCell[])[],
): Reply => ({
  tokens: [
    tokens.columns(columns),
    ...rows.map((cells) => tokens.row(columns, cells)),
    ...ending(request, BigInt(rows.length)),
  ],
})

/** Rows that are made as the client reads them. */
export const streamed = (
  request: PeerRequest,
  columns: readonly tokens.PeerColumn[],
  rows: Iterable<readonly tokens.PeerCell[]> | AsyncIterable<readonly tokens.PeerCell[]>,
): Reply => ({
  tokens: (async function* () {
    yield tokens.columns(columns)
    let count = 0n
    for await (const cells of rows) {
      count++
      yield tokens.row(columns, cells)
    }
    yield* ending(request, count)
  })(),
})

export const refused = (request: PeerRequest, ...errors: readonly tokens.PeerMessage[]): Reply => ({
  tokens: [...errors.map(tokens.error), ...ending(request, null, true)],
})

export const begun = (): Reply => ({ tokens: [tokens.done({ more: true }), tokens.transactionBegun(), tokens.done()] })

const OPEN: readonly tokens.PeerColumn[] = [{ name: '', type: 'int' }]
/** `open`: transactions that are open after it. */
export const committed = (open = 0): Reply => ({
  tokens: [
    tokens.transactionCommitted(),
    tokens.done({ more: true }),
    tokens.columns(OPEN),
    tokens.row(OPEN, [open]),
    tokens.done({ rows: 1n }),
  ],
})

/** BEGIN, COMMIT and ROLLBACK as the driver sends them; null: it is something else. */
export function transactions(request: PeerRequest): Reply | null {
  if (request.kind !== 'batch') return null
  if (request.text.endsWith('; BEGIN TRANSACTION')) return begun()
  if (request.text.startsWith('COMMIT TRANSACTION;')) return committed()
  if (request.text.startsWith('IF @@TRANCOUNT > 0 ROLLBACK'))
    return { tokens: [tokens.transactionRolledBack(), tokens.done()] }
  return null
}
