/** What an installation says in the texts of its procedures alone: defaults of parameters, and the key that never leaves. Pure. */

export interface Procedures {
  readonly batchSize: number
  readonly maxDop: number
  /** keys that no run delivers */
  readonly excluded: readonly string[]
  /** their texts could be seen */
  readonly seen: boolean
}

const BATCH_SIZE = 500
const MAX_DOP = 2
const UUID = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}'
const EXCLUDED = new RegExp(String.raw`@ExcludedStreamId\b[^=;]*=\s*N?'(${UUID})'`, 'gi')

export function readProcedures(procedures: readonly { readonly name: string; readonly text: string }[]): Procedures {
  const runs = procedures.filter(({ name }) => /_Run(?:_V\d+|Operator)?$/i.test(name)).map(({ text }) => text)
  const first = (parameter: string, type: string): number | null => {
    const form = new RegExp(String.raw`@${parameter}\s+(?:AS\s+)?${type}\s*=\s*(\d+)`, 'i')
    const found = runs.map((text) => form.exec(text)?.[1]).find((value) => value !== undefined)
    return found === undefined ? null : Number(found)
  }
  const all = procedures.flatMap(({ text }) => [...text.matchAll(EXCLUDED)].map(([, key = '']) => key.toUpperCase()))
  return {
    batchSize: first('BatchSize', 'INT') ?? BATCH_SIZE,
    maxDop: first('MaxDOP', '(?:TINY|SMALL)?INT') ?? MAX_DOP,
    excluded: [...new Set(all)],
    seen: procedures.length > 0,
  }
}
