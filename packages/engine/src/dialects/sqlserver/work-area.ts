/** The captured keys of one run: tables of a schema of their own where the batches write, or temporary ones in a dry run. */
import type { CapturedRanges, FlowRelation, WorkArea } from '../contract.ts'
import type { Catalogs } from '../relational/names.ts'
import type { Sender } from '../relational/sender.ts'
import { KeyWorkArea, type TargetState } from '../relational/work-area.ts'
import { catalogText, ident, type Sql, sql } from '../sql-text.ts'
import { createSchema, listSchemas, listTables, WORK_SCHEMA } from './fence.sql.ts'
import { nameLiteral } from './style.ts'

/** Where the tables of the captured keys are. `run` null: a dry run, whose tables are gone with its session. */
export interface WorkPlace {
  readonly run: string | null
  readonly name: (table: string) => Sql
}

export const workPlace = (run: string | null): WorkPlace => ({
  run,
  name: (table) =>
    run === null ? ident('tempdb', '', `#tidemark_work_${table}`) : ident(WORK_SCHEMA, `${run} ${table}`),
})

export class SqlServerWorkArea extends KeyWorkArea implements WorkArea {
  readonly #to: Sender
  readonly #place: WorkPlace

  constructor(
    to: Sender,
    catalogs: Catalogs,
    place: WorkPlace,
    target: (relation: FlowRelation) => Promise<TargetState>,
  ) {
    super(to, catalogs, {
      has: async (table) => {
        const [row] = await to.query(sql`SELECT OBJECT_ID(${catalogText(nameLiteral(place.name(table)))})`)
        return row?.[0] != null
      },
      // where a row lies may change with any write beside it
      rowIds: () => Promise.resolve(false),
      target,
      still: () => {},
      numbered: async () => {
        await to.exec(sql`CREATE UNIQUE CLUSTERED INDEX tidemark_number ON ${place.name('captured')} (n)`)
      },
    })
    this.#to = to
    this.#place = place
  }

  override async start(...args: Parameters<WorkArea['start']>): Promise<void> {
    if (this.#place.run !== null && (await this.#to.query(listSchemas([WORK_SCHEMA]))).length === 0)
      await this.#to.exec(createSchema(WORK_SCHEMA))
    await super.start(...args)
  }

  spooled(): Promise<string | null> {
    return Promise.resolve(null)
  }

  spool(): Promise<void> {
    return Promise.reject(new TypeError('rows of one server are never spooled'))
  }

  inSpool(): Promise<readonly string[]> {
    return Promise.resolve([])
  }

  ranges(): Promise<CapturedRanges | null> {
    return Promise.resolve(null)
  }

  async runs(): Promise<readonly string[]> {
    const names = (await this.#to.query(listTables(WORK_SCHEMA))).map(([name]) => name ?? '')
    return [...new Set(names.flatMap((name) => /^(r-[0-9a-z]{5}) /.exec(name)?.[1] ?? []))]
  }

  async remove(run: string): Promise<void> {
    for (const [name = ''] of await this.#to.query(listTables(WORK_SCHEMA)))
      if (name?.startsWith(`${run} `)) await this.#to.exec(sql`DROP TABLE IF EXISTS ${ident(WORK_SCHEMA, name)}`)
  }
}
