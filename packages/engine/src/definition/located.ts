/**
 * A definition as data in which every key and value knows where it was written: in a YAML file or in a control row.
 * Schemas see the plain data; what they refuse is then looked up here.
 */
import { canonicalJson, isOneValue, type Json, KINDED } from './canonical.ts'
import type { Place } from './problem.ts'

/** A number is one only where its text survives: `1.10`, `0123` and `12345678901234567890` are text. */
export type Scalar = string | number | boolean | null

export interface Entry {
  readonly key: Place
  readonly value: Located
}
export interface LocatedMap {
  readonly kind: 'map'
  readonly entries: ReadonlyMap<string, Entry>
  readonly place: Place
}
export type Located =
  | { readonly kind: 'scalar'; readonly value: Scalar; readonly place: Place }
  | { readonly kind: 'list'; readonly items: readonly Located[]; readonly place: Place }
  | LocatedMap

export const emptyMap = (place: Place): LocatedMap => ({ kind: 'map', entries: new Map(), place })
export const entryOf = (located: Located | undefined, key: string): Located | undefined =>
  located?.kind === 'map' ? located.entries.get(key)?.value : undefined

export function toPlain(located: Located): unknown {
  switch (located.kind) {
    case 'scalar':
      return located.value
    case 'list':
      return located.items.map(toPlain)
    case 'map':
      return Object.fromEntries([...located.entries].map(([key, { value }]) => [key, toPlain(value)]))
  }
}

/** Where `path` stands, or the nearest thing above it that was written. A mapping or list stands where its key does. */
export function placeOf(root: Located, path: readonly PropertyKey[], want: 'key' | 'value' = 'value'): Place {
  let current: Located = root
  let place = root.place
  for (const [index, step] of path.entries()) {
    if (current.kind === 'map') {
      const entry = current.entries.get(String(step))
      if (entry === undefined) break
      const keyWanted = want === 'key' && index === path.length - 1
      place = entry.value.kind === 'scalar' && !keyWanted ? entry.value.place : entry.key
      current = entry.value
    } else if (current.kind === 'list') {
      const item: Located | undefined = current.items[Number(step)]
      if (item === undefined) break
      place = item.place
      current = item
    } else break
  }
  return place
}

/** `latest` as `{ kind: latest }`, so that both forms merge and compare alike. */
export function withKind(located: Located): Located {
  if (located.kind !== 'scalar' || typeof located.value !== 'string') return located
  return { kind: 'map', entries: new Map([['kind', { key: located.place, value: located }]]), place: located.place }
}

/** The defaults under a flow: what the flow says wins; mappings merge, lists and values are replaced. */
export const mergeDefaults = (defaults: Located | undefined, own: LocatedMap): LocatedMap =>
  mergeMaps(defaults, own, [])

function mergeMaps(below: Located | undefined, own: LocatedMap, path: readonly string[]): LocatedMap {
  if (below?.kind !== 'map') return own
  const entries = new Map(own.entries)
  for (const [key, entry] of below.entries) {
    const mine = entries.get(key)
    const value = mine === undefined ? entry.value : mergeValue(entry.value, mine.value, [...path, key])
    entries.set(key, { key: (mine ?? entry).key, value })
  }
  return { ...own, entries }
}

function mergeValue(below: Located, own: Located, path: readonly string[]): Located {
  const [key = '', ...inside] = path
  if (inside.length === 0 && key === 'on_error') return mergePolicies(below, own)
  if (isOneValue(path)) return own
  if (inside.length > 0 || !KINDED.includes(key)) return own.kind === 'map' ? mergeMaps(below, own, path) : own
  const [base, mine] = [withKind(below), withKind(own)]
  const [baseKind, myKind] = [entryOf(base, 'kind'), entryOf(mine, 'kind')]
  const otherKind = baseKind !== undefined && myKind !== undefined && toPlain(baseKind) !== toPlain(myKind)
  return otherKind || mine.kind !== 'map' ? own : mergeMaps(base, mine, path)
}

/** The first policy that matches decides, so the flow's own come first; one that it has already is not added again. */
function mergePolicies(below: Located, own: Located): Located {
  if (below.kind !== 'list' || own.kind !== 'list') return own
  const mine = new Set(own.items.map((item) => canonicalJson(toPlain(item) as Json)))
  const added = below.items.filter((item) => !mine.has(canonicalJson(toPlain(item) as Json)))
  return { ...own, items: [...own.items, ...added] }
}
