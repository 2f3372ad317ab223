/** YAML 1.2 text as located data. What YAML allows but a definition never means is refused here. */
import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Pair,
  parseDocument,
  type Scalar,
  type YAMLMap,
} from 'yaml'
import { type Entry, emptyMap, type Located, type LocatedMap } from './located.ts'
import type { DefinitionProblem, FilePlace, Place } from './problem.ts'
import { type YamlSource, yamlSource } from './yaml-source.ts'

/** Aliases can multiply: a page of text must not become gigabytes. */
const MAX_NODES = 100_000

export interface ReadYaml {
  readonly source: YamlSource
  /** an empty mapping where the file is empty; what could be read where it has problems */
  readonly root: Located
  readonly problems: readonly DefinitionProblem[]
}

/** `file` is how the file is called in messages. */
export function readYaml(file: string, text: string): ReadYaml {
  const source = yamlSource(file, text)
  const lines = new LineCounter()
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    stringKeys: false,
    version: '1.2',
    merge: false,
  })
  const at = (start: number, end: number): FilePlace => {
    const { line, col } = lines.linePos(start)
    return { source, line: Math.max(line, 1), column: Math.max(col, 1), length: Math.max(1, end - start) }
  }
  const problems: DefinitionProblem[] = [...document.errors, ...document.warnings].map((error) => ({
    ...problemAt(at(...error.pos), sentence(error.message)),
  }))
  const reader = new Reader(document, at, problems)
  const root = document.contents === null ? emptyMap(at(0, 0)) : reader.read(document.contents, at(0, 0))
  return { source, root, problems }
}

const problemAt = (place: Place, message: string): DefinitionProblem => ({
  code: 'TM1010',
  message,
  hint: null,
  place,
  task: null,
})
const sentence = (text: string): string => text.replace(/\s+/g, ' ').trim()

class Reader {
  readonly #document: Document
  readonly #at: (start: number, end: number) => FilePlace
  readonly #problems: DefinitionProblem[]
  readonly #targets = new Map<Alias, unknown>()
  readonly #open = new Set<unknown>()
  #nodes = 0

  constructor(document: Document, at: (start: number, end: number) => FilePlace, problems: DefinitionProblem[]) {
    this.#document = document
    this.#at = at
    this.#problems = problems
  }

  /** `above`: the place of what holds this node, for one that has no text of its own. */
  read(node: unknown, above: Place): Located {
    const place = this.#placeOf(node) ?? above
    if (isAlias(node)) {
      const target = this.#targetOf(node)
      return target === undefined
        ? this.#refuse(place, `alias *${node.source} has no anchor before it`)
        : this.read(target, above)
    }
    if (this.#open.has(node)) return this.#refuse(place, 'an anchor holds an alias to itself')
    if (++this.#nodes > MAX_NODES)
      return this.#nodes === MAX_NODES + 1 ? this.#refuse(place, 'aliases make this file too large') : nothing(place)
    if (isScalar(node)) return { kind: 'scalar', value: scalarOf(node), place }
    this.#open.add(node)
    const located = this.#readCollection(node, place)
    this.#open.delete(node)
    return located
  }

  #readCollection(node: unknown, place: Place): Located {
    if (isSeq(node)) return { kind: 'list', items: node.items.map((item) => this.read(item, place)), place }
    if (isMap(node)) return this.#readMap(node, place)
    return nothing(place)
  }

  #readMap(node: YAMLMap, place: Place): LocatedMap {
    const entries = new Map<string, Entry>()
    const merged: Located[] = []
    for (const pair of node.items) {
      const key = this.#placeOf(pair.key) ?? place
      const name = this.#keyOf(pair, key)
      if (name === null) continue
      const value = this.read(pair.value, key)
      if (name === '<<' && isScalar(pair.key) && pair.key.type === 'PLAIN')
        merged.push(...(value.kind === 'list' ? value.items : [value]))
      else entries.set(name, { key, value })
    }
    for (const from of merged) {
      if (from.kind !== 'map') this.#refuse(from.place, '<< merges mappings, this is none')
      else for (const [name, entry] of from.entries) if (!entries.has(name)) entries.set(name, entry)
    }
    return { kind: 'map', entries, place }
  }

  #keyOf({ key }: Pair, place: Place): string | null {
    const resolved = isAlias(key) ? this.#targetOf(key) : key
    const name = isScalar(resolved) ? scalarOf(resolved) : null
    if (name === null || name === '__proto__') {
      this.#refuse(place, name === null ? 'a key must be text' : 'a key cannot be called __proto__')
      return null
    }
    return String(name)
  }

  /** The library looks through the whole document each time. */
  #targetOf(alias: Alias): unknown {
    if (!this.#targets.has(alias)) this.#targets.set(alias, alias.resolve(this.#document))
    return this.#targets.get(alias)
  }

  #placeOf(node: unknown): Place | null {
    if (!isAlias(node) && !isScalar(node) && !isMap(node) && !isSeq(node)) return null
    if (!node.range) return null
    const [start, end] = node.range
    return start === end ? null : this.#at(start, end)
  }

  #refuse(place: Place, message: string): Located {
    this.#problems.push(problemAt(place, message))
    return nothing(place)
  }
}

const nothing = (place: Place): Located => ({ kind: 'scalar', value: null, place })

/** Exactly what was written: a number or flag whose text would change stays text. */
function scalarOf({ value, source }: Scalar): string | number | boolean | null {
  if (value === null || typeof value === 'string') return value
  if ((typeof value === 'number' || typeof value === 'boolean') && (source === undefined || String(value) === source))
    return value
  return source ?? JSON.stringify(value)
}
