import type { FlowRelation, Selection, SourcePort } from './contract.ts'

/**
 * A source from which the target is not seen: what the target has already is not left out of a count.
 *
 * `estimated`: how many rows there are, where counting them would cost a pass over the table; null: they are counted.
 */
export function departingSource(
  source: SourcePort,
  estimated: (relation: FlowRelation, selection: Selection) => Promise<bigint | null> = () => Promise.resolve(null),
): SourcePort {
  const tally: SourcePort['tally'] = async (relation, asked, buffer) => {
    const selection = { ...asked, absent: null }
    const rows = await estimated(relation, selection)
    if (rows !== null) return { rows, waiting: 0n, waitingMax: null, waitingUntil: null, nullPositions: 0n }
    return await source.tally(relation, selection, buffer, false)
  }
  return new Proxy(source, {
    get(from, name) {
      if (name === 'tally') return tally
      const member: unknown = Reflect.get(from, name, from)
      return typeof member === 'function' ? member.bind(from) : member
    },
  })
}
