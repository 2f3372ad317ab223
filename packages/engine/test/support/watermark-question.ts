/** What a watermark is asked, of a source of its own. */
import type { WatermarkOptions } from '@tidemark/contract/capture'
import type { CaptureQuestion } from '../../src/capture/capture-mode.ts'
import { watermark } from '../../src/capture/watermark.ts'
import type { FlowRelation, PlannedPosition, SourcePort } from '../../src/dialects/contract.ts'
import type { PlannedColumn } from '../../src/dialects/planned-column.ts'

const KEY: PlannedColumn = {
  source: 'id',
  target: 'id',
  sourceType: 'bigint',
  targetType: 'bigint',
  origin: { kind: 'main' },
  cast: null,
  mask: null,
}

type Question = CaptureQuestion & { readonly options: WatermarkOptions }

/** Of the table `src`. */
export function watermarkQuestion(
  w: { readonly source: { readonly port: SourcePort }; readonly look: string | null },
  position: PlannedPosition,
  over: Partial<CaptureQuestion> = {},
  options: Partial<WatermarkOptions> = {},
): Question {
  const relation: FlowRelation = {
    source: { table: ['src'], joins: [], known: ['id'] },
    target: {
      table: ['dst'],
      beside: null,
      adds: [],
      rules: { notNull: [], unique: [], folded: [] } as unknown as FlowRelation['target']['rules'],
    },
    key: [KEY],
    columns: [KEY],
    position: { ...position, targetColumn: position.ref.column },
    tree: null,
    where: [],
    scope: [],
    excludeKeys: [],
    steps: [{ name: 'rows', queue: null, batch: null }],
  }
  return {
    relation,
    source: w.source.port,
    abilities: {
      batchRows: 1,
      batchBytes: 1,
      rowGroup: 1,
      ceiling: true,
      stampedBy: 'database',
      openBatches: null,
      sharedByProcesses: true,
      sharesKeys: true,
    },
    wish: { full: false, period: null, buffer: null },
    watermark: null,
    earlierLook: w.look,
    unmatched: [],
    again: [],
    gained: [],
    targetExists: false,
    replaces: false,
    ...over,
    options: {
      position: position.ref,
      clock: null,
      zone: null,
      stampedBy: null,
      buffer: null,
      nulls: 'fail',
      unmatchedGiveUpMs: null,
      maxHoldMs: 0,
      ...options,
    },
  }
}

export const decideWatermark = async (q: Question) => watermark.decide(q, await watermark.ask(q))
