/** A person's SELECT with its values bound and its tokens as relations: their text is never touched. */
import type { CapturedBatch, FlowRelation, WindowBounds } from '../contract.ts'
import type { PlannedColumn } from '../planned-column.ts'
import type { PlannedPiece, PlannedTemplate } from '../planned-steps.ts'
import { joined, ident, param, type Sql, sql, templateText, whole } from '../sql-text.ts'
import { type Catalogs, keyName, sourceTable, targetTable, typed, work } from './names.ts'

/** What the tokens stand for, where the statement is sent. */
export interface TemplatePlace {
  readonly window: WindowBounds | null
  readonly targetExists: boolean
  /** keys by the names of the source; null: none were taken yet */
  readonly taken: { readonly batch: Sql; readonly queue: Sql } | null
}

export function templateSql(c: Catalogs, r: FlowRelation, template: PlannedTemplate, place: TemplatePlace): Sql {
  return joined(
    template.pieces.map((piece) => pieceSql(c, r, piece, place)),
    '',
  )
}

function pieceSql(c: Catalogs, r: FlowRelation, piece: PlannedPiece, place: TemplatePlace): Sql {
  switch (piece.kind) {
    case 'text':
      return templateText(piece)
    case 'value':
      return c.kit.valueOf(piece.type, param(piece.value))
    case 'count':
      return sql`CAST(${param(String(piece.count))} AS BIGINT)`
    case 'bound': {
      const bound = piece.name === 'after' ? place.window?.after : place.window?.upTo
      return c.kit.valueOf(r.position?.type ?? c.kit.textType, param(bound ?? null))
    }
    case 'table':
      return sourceTable(c, piece.table)
    case 'token':
      switch (piece.name) {
        case 'source':
          return sourceTable(c, r.source.table)
        case 'target':
          return place.targetExists
            ? targetTable(c, r.target.table)
            : none(r.columns.map((x) => ({ name: ident(x.target), type: x.targetType })))
        case 'batch':
          return place.taken?.batch ?? noKeys(r)
        case 'queue':
          return place.taken?.queue ?? noKeys(r)
      }
  }
}

/** A relation of these columns without a row. */
const none = (columns: readonly { readonly name: Sql; readonly type: string }[]): Sql =>
  sql`(SELECT ${joined(
    columns.map(({ name, type }) => sql`CAST(NULL AS ${typed(type)}) AS ${name}`),
    ', ',
  )} WHERE 1 = 0)`

const noKeys = (r: FlowRelation): Sql => none(r.key.map((k) => ({ name: ident(k.source), type: k.sourceType })))

const keysOf = (r: FlowRelation): Sql =>
  joined(
    r.key.map((k, i) => sql`${keyName(i)} AS ${ident(k.source)}`),
    ', ',
  )

const inBatch = (split: CapturedBatch): Sql =>
  sql`n BETWEEN CAST(${param(split.first)} AS BIGINT) AND CAST(${param(split.last)} AS BIGINT)`

/** Keys of a captured batch, under the names of the source. */
const takenBy = (c: Catalogs, r: FlowRelation, split: CapturedBatch): NonNullable<TemplatePlace['taken']> => ({
  batch: sql`(SELECT ${keysOf(r)} FROM ${work(c, 'captured')} WHERE ${inBatch(split)})`,
  queue: sql`(SELECT ${keysOf(r)} FROM ${work(c, 'captured')})`,
})

/** A mask is put on the value as the source has it, or as its cast makes it. */
export const givenType = (x: PlannedColumn): string => (x.mask === null ? x.targetType : (x.cast ?? x.sourceType))

/** What a batch template selects for a batch. */
export const batchRows = (
  c: Catalogs,
  r: FlowRelation,
  template: PlannedTemplate,
  split: CapturedBatch,
  window: WindowBounds | null,
  targetExists: boolean,
): Sql => templateSql(c, r, template, { window, targetExists, taken: takenBy(c, r, split) })

/** What a queue template selects, as k1, k2, … in the types of the source. */
export const queuedKeys = (
  c: Catalogs,
  r: FlowRelation,
  template: PlannedTemplate,
  window: WindowBounds | null,
  targetExists: boolean,
): Sql =>
  sql`(SELECT ${joined(
    r.key.map((k, i) => sql`CAST(${ident('q', k.source)} AS ${typed(k.sourceType)}) AS ${keyName(i)}`),
    ', ',
  )} FROM (${templateSql(c, r, template, { window, targetExists, taken: null })}) AS q)`

/** The flow's own queue, read once: what is checked is what is taken. */
export const readQueue = (
  c: Catalogs,
  r: FlowRelation,
  template: PlannedTemplate,
  window: WindowBounds | null,
  targetExists: boolean,
): readonly Sql[] =>
  c.kit.remakeTable(work(c, 'queued'), sql`SELECT * FROM ${queuedKeys(c, r, template, window, targetExists)} AS q`)

/** A few staged keys that are not of the batch. */
export function strangers(c: Catalogs, r: FlowRelation, split: CapturedBatch): Sql {
  const same = joined(
    r.key.map((k, i) => sql`s.${ident(k.target)} = CAST(w.${keyName(i)} AS ${typed(k.targetType)})`),
    ' AND ',
  )
  return sql`SELECT ${joined(
    r.key.map((k) => sql`CAST(s.${ident(k.target)} AS VARCHAR)`),
    ', ',
  )} FROM tidemark_stage AS s
WHERE NOT EXISTS (SELECT 1 FROM ${work(c, 'captured')} AS w WHERE ${same} AND w.${inBatch(split)}) ORDER BY ${joined(
    r.key.map((_, i) => whole(BigInt(i + 1))),
    ', ',
  )} LIMIT 3`
}
