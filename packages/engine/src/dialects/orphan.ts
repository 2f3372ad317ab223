/** A captured row of a tree that no root leads to. */
export type OrphanReason = 'excluded' | 'gone' | 'cycle'

export interface Orphan {
  /** JSON array of the key's texts */
  readonly key: string
  readonly locator: string
  readonly reason: OrphanReason
}
