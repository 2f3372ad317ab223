/** What is read of a target's memory, row by row. */
import { ERROR_CODES, type ErrorCode } from '@tidemark/contract/error-codes'
import type { BatchKey, Marker, SettledMarker } from '../contract.ts'
import type { RejectedRow } from '../row-policy.ts'

type Row = readonly (string | null)[]

const TRUE: ReadonlySet<string | null | undefined> = new Set(['true', 't', '1'])

export const settledOf = ([store, scope, run, upTo, hadRows]: Row): SettledMarker => ({
  store: store ?? '',
  scope: scope ?? '',
  run: run ?? '',
  upTo: upTo ?? null,
  hadRows: TRUE.has(hadRows),
})

export const markerOf = ([batch, ...counts]: Row): Marker => ({ batch: Number(batch), ...markerCounts(counts) })

export function markerCounts(row: Row): Omit<Marker, 'batch'> {
  const at = (i: number): bigint => BigInt(row[i] ?? '0')
  return {
    read: at(0),
    inserted: at(1),
    updated: at(2),
    deleted: at(3),
    skippedSame: at(4),
    skippedOlder: at(5),
    rejected: at(6),
  }
}

export const rejectOf = ([key, code, message]: Row): RejectedRow => ({
  key: key ?? '',
  code: rowCode(code),
  message: message ?? '',
})

/** As this program wrote it; an older or newer one may have had other codes. */
const rowCode = (text: string | null | undefined): ErrorCode => ERROR_CODES.find((code) => code === text) ?? 'TM5001'

/** A run's swap has a marker of its own; batches are numbered from 1. */
export const swapOf = (run: string): BatchKey => ({ run, step: 0, batch: 0 })
