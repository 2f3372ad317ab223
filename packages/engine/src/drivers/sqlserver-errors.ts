/** What can go wrong with a session of SQL Server, told apart by what is known of it and never by words. */

/** What the server says of a statement that failed. */
export interface ServerError {
  /** of `sys.messages` */
  readonly number: number
  readonly state: number
  /** from 20 on the server ends the connection */
  readonly severity: number
  readonly message: string
  readonly procedure: string | null
  readonly line: number | null
}

/** An error as the client gives it. */
export interface ClientError extends Error {
  readonly code?: string
  readonly number?: number
  readonly state?: number
  readonly class?: number
  readonly procName?: string
  readonly lineNumber?: number
}

const eachOf = (error: unknown): readonly ClientError[] =>
  error instanceof AggregateError ? error.errors.flatMap(eachOf) : error instanceof Error ? [error] : []

/** All that the server said of a statement, in its order: the first mostly names the cause, the last says that it ended. */
export const serverErrors = (error: unknown): readonly ServerError[] =>
  error instanceof CannotConnect
    ? []
    : eachOf(error).flatMap((e) =>
        e.number === undefined
          ? []
          : [
              {
                number: e.number,
                state: e.state ?? 0,
                severity: e.class ?? 0,
                message: e.message,
                procedure: e.procName || null,
                line: e.lineNumber ?? null,
              },
            ],
      )

/** `undefined`: not the server's, but the connection's, or ours. */
export const serverError = (error: unknown): ServerError | undefined => serverErrors(error)[0]

export const errorNumber = (error: unknown): number | undefined => serverError(error)?.number

/** The client's own name of what happened; null: the server's error, or none of the client's. */
export const clientCode = (error: unknown): string | null => eachOf(error)[0]?.code ?? null

/**
 * login: the server answered, and did not let us in · encryption: one of the two insists on it and the other has none ·
 * certificate: it is not of whom we trust · time: nobody answered in time · network: all else
 */
export type ConnectProblem = 'login' | 'encryption' | 'certificate' | 'time' | 'network'

/** No server answered, or none in the way that was asked for. */
export class CannotConnect extends Error {
  override readonly name = 'CannotConnect'
  readonly problem: ConnectProblem
  /** of the server, where it answered and refused the login */
  readonly number: number | null

  constructor(problem: ConnectProblem, message: string, number: number | null, cause: unknown) {
    super(message, { cause })
    this.problem = problem
    this.number = number
  }
}

/** The connection ended in the middle, whoever ended it. */
export class ConnectionLost extends Error {
  override readonly name = 'ConnectionLost'
  /** it ended while a commit was under way: the transaction is in, or it is not */
  readonly inDoubt: boolean

  constructor(message: string, options: ErrorOptions & { readonly inDoubt?: boolean } = {}) {
    super(message, options)
    this.inDoubt = options.inDoubt ?? false
  }
}

/** The statement was ended, or not sent any more, because `cancel` asked for it. */
export class StatementCancelled extends Error {
  override readonly name = 'StatementCancelled'
}

/** The statement was ended because it took longer than the session's limit. */
export class StatementTimedOut extends Error {
  override readonly name = 'StatementTimedOut'
}
