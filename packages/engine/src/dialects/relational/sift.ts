/** The rows of a batch that cannot land, taken out of it before and after it is judged. */
import { ERROR_CODES, type ErrorCode } from '@tidemark/contract/error-codes'
import type { RowCounts } from '@tidemark/contract/row-counts'
import { AppError } from '../../runtime/app-error.ts'
import type { CapturedBatch, FlowRelation } from '../contract.ts'
import type { RowPolicy } from '../row-policy.ts'
import { type Sql, sql } from '../sql-text.ts'
import type { Staging } from './apply.sql.ts'
import type { Catalogs } from './names.ts'
import type { Sender } from './sender.ts'
import type { Statements } from './statements.ts'

export class Sift {
  readonly #to: Sender
  readonly #catalogs: Catalogs
  readonly #relation: FlowRelation
  readonly #split: CapturedBatch
  readonly #policy: RowPolicy
  /** the batch with its bad rows */
  readonly #all: Staging
  /** what lands of the batch */
  staged: Staging
  /** rows kept out, and those of them that are no rejects */
  out = 0n
  skipped = 0n
  #begun = false

  constructor(
    to: Sender,
    catalogs: Catalogs,
    relation: FlowRelation,
    batch: { readonly staged: Staging; readonly split: CapturedBatch },
    policy: RowPolicy,
  ) {
    this.#to = to
    this.#catalogs = catalogs
    this.#relation = relation
    this.#all = batch.staged
    this.staged = batch.staged
    this.#split = batch.split
    this.#policy = policy
  }

  get #say(): Statements['rejects'] {
    return this.#catalogs.say.rejects
  }

  /** What can be told by the rows alone; a dry run has no parents there. */
  async foresee(withParents = true): Promise<void> {
    const { refused } = this.#policy
    if (refused.length > 0) await this.#add(this.#say.addRefused(this.#catalogs, refused))
    const unfit = this.#say.addUnfit(this.#catalogs, this.#relation, this.staged)
    if (unfit) await this.#add(unfit)
    const { tree } = this.#relation
    if (!withParents || !tree) return
    let found: bigint
    do found = await this.#add(this.#say.addParentless(this.#catalogs, this.#relation, this.staged))
    while (found > 0n && tree.reference !== undefined)
  }

  /** What only the verdicts tell: who else has, or will have, a value of which there can be one. True: some were taken out. */
  async compare(): Promise<boolean> {
    const { unique, folded } = this.#relation.target.rules
    const before = this.out
    if (folded.length > 0) await this.#drop(this.#say.addFolded(this.#catalogs, this.#relation, this.staged))
    // a row that stays out keeps its former value in the target, and that may be another's
    for (let found = unique.length > 0; found && this.out - this.skipped <= this.#policy.most; ) {
      found = false
      for (const columns of unique)
        if (await this.#drop(this.#say.addClashes(this.#catalogs, this.#relation, this.staged, columns))) found = true
    }
    return this.out > before
  }

  /** Key, code and message of the rejects among them. */
  get rejects(): Sql {
    const all = this.#say.badRows(this.#catalogs, this.#relation, this.#split, this.#all)
    return this.#policy.skipsConflicts ? sql`SELECT * FROM (${all}) AS q WHERE code <> 'TM5010'` : all
  }

  async #drop(statement: Sql): Promise<boolean> {
    if ((await this.#add(statement)) === 0n) return false
    await this.#to.exec(this.#say.dropBadVerdicts)
    return true
  }

  async #add(statement: Sql): Promise<bigint> {
    if (!this.#begun) for (const statement of this.#say.noneBad(this.#catalogs)) await this.#to.exec(statement)
    this.#begun = true
    const found = await this.#to.exec(statement)
    if (found === 0n) return 0n
    if (this.out === 0n) this.staged = this.#say.withoutBad(this.staged)
    await this.#decide()
    return found
  }

  async #decide(): Promise<void> {
    this.out = 0n
    this.skipped = 0n
    for (const [text, n] of await this.#to.query(this.#say.badByCode)) {
      const rows = BigInt(n ?? '0')
      const code = ERROR_CODES.find((one) => one === text) ?? 'TM5001'
      this.out += rows
      if (code === 'TM5010' && this.#policy.skipsConflicts) this.skipped += rows
      else if (!this.#policy.quarantines(code)) throw await this.#refusal(code, rows)
    }
  }

  async #refusal(code: ErrorCode, rows: bigint): Promise<AppError> {
    const { table } = this.#relation.target
    const shown = await this.#to.query(this.#say.examples(this.#catalogs, this.#relation, this.#split, this.#all, code))
    const more = rows > BigInt(shown.length) ? `; ${rows} rows in this batch` : ''
    return new AppError(code, `${table.join('.')}: ${shown.map(([k, why]) => `${k} ${why}`).join('; ')}${more}`, {
      facts: { rows },
    })
  }
}

/** No row may stay out. */
export const FAILS: RowPolicy = { quarantines: () => false, skipsConflicts: false, refused: [], most: 0n }

/** A row that is left out because another holds its value counts with those that came too late. */
export const withOut = (counts: RowCounts, { out, skipped }: Sift): RowCounts => ({
  ...counts,
  read: counts.read + out,
  skippedOlder: counts.skippedOlder + skipped,
  rejected: out - skipped,
})
