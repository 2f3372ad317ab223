/** The connection, not the server, said no: it is gone, or was never made. */
export class LostConnection extends Error {
  override readonly name = 'LostConnection'
}

/** The connection went while a commit was under way: it took place, or it did not. */
export class InDoubt extends Error {
  override readonly name = 'InDoubt'
  /** by whose mark it is known */
  readonly writer: string
  /** null: it left no mark, and may be done again */
  readonly number: number | null
  /** what its work came to, if it is in */
  readonly result: unknown

  constructor(writer: string, number: number | null, result: unknown, cause: unknown) {
    super('a commit was not answered', { cause })
    this.writer = writer
    this.number = number
    this.result = result
  }
}
