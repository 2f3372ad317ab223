/** One table: how large it is, then what its catalog and, as far as they may be read, its rows say. */
import type { SurveyedTable, SurveyPort } from '../dialects/survey.ts'
import { AppError } from '../runtime/app-error.ts'
import { findKey } from './find-key.ts'
import { findPositions } from './find-positions.ts'
import { findTree } from './find-tree.ts'
import { type Examined, rowsText } from './proposal.ts'

/** Rows that may be read: of one table, and of all together. Null: no limit. */
export interface LookLimits {
  readonly ofTable: bigint
  readonly ofAll: bigint
}

export const LOOK_LIMITS: LookLimits = { ofTable: 20_000_000n, ofAll: 200_000_000n }

export class Examiner {
  readonly #port: SurveyPort
  readonly #limits: LookLimits | null
  #read = 0n

  constructor(port: SurveyPort, limits: LookLimits | null) {
    this.#port = port
    this.#limits = limits
  }

  async examine(table: SurveyedTable): Promise<Examined> {
    try {
      return await this.#examine(table)
    } catch (error) {
      // such as a view over a file that is gone: the others are still worth knowing
      if (!(error instanceof AppError) || error.code !== 'TM4019') throw error
      return {
        table,
        rows: table.rows,
        rowsAre: 'estimated',
        look: null,
        unchecked: error.detail,
        key: null,
        noKey: 'it cannot be read',
        positions: [],
        refused: [],
        tree: null,
        broken: error.detail,
      }
    }
  }

  async #examine(table: SurveyedTable): Promise<Examined> {
    const size = await this.#sizeOf(table)
    const unchecked = this.#tooLarge(size.rows, size.rowsAre === 'at least')
    const look = unchecked === null ? await this.#port.look(table) : null
    this.#read += look?.rows ?? 0n
    const { key, noKey } = await findKey(this.#port, table, look, unchecked)
    const { positions, refused } = await findPositions(this.#port, table, key, look)
    const tree = await findTree(this.#port, table, key, look)
    const counted = look === null ? size : { rows: look.rows, rowsAre: 'counted' as const }
    return { table, ...counted, look, unchecked, key, noKey, positions, refused, tree, broken: null }
  }

  async #sizeOf(table: SurveyedTable): Promise<Pick<Examined, 'rows' | 'rowsAre'>> {
    if (table.rows !== null) return { rows: table.rows, rowsAre: 'estimated' }
    if (this.#limits === null) return { rows: null, rowsAre: 'estimated' }
    const limit = this.#limits.ofTable + 1n
    const rows = await this.#port.countUpTo(table, limit)
    return { rows, rowsAre: rows < limit ? 'counted' : 'at least' }
  }

  #tooLarge(rows: bigint | null, more: boolean): string | null {
    if (this.#limits === null || rows === null) return null
    const size = `${more ? 'more than ' : ''}${rowsText(more ? rows - 1n : rows)}`
    if (rows > this.#limits.ofTable) return `not checked: ${size} (--deep reads them)`
    return this.#read + rows > this.#limits.ofAll
      ? `not checked: enough rows of other tables were read (--deep reads all)`
      : null
  }
}
