import type { SourcePort } from './contract.ts'

/** A source from which the target is not seen: what the target has already is not left out of a count. */
export function departingSource(source: SourcePort): SourcePort {
  const tally: SourcePort['tally'] = (relation, selection, buffer) =>
    source.tally(relation, { ...selection, absent: null }, buffer, false)
  return new Proxy(source, {
    get(from, name) {
      if (name === 'tally') return tally
      const member: unknown = Reflect.get(from, name, from)
      return typeof member === 'function' ? member.bind(from) : member
    },
  })
}
