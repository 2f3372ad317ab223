/**
 * What a step's script does beyond what the step does by itself: other columns, computed values, further tables and
 * conditions. Its tables and columns are told by the tokens, whatever their aliases. Pure.
 */
import { formatTableName } from '@tidemark/contract/table-name'
import type { JsonMap } from '../../definition/canonical.ts'
import { UNIT_TABLE } from './installation-names.ts'
import { type FromTable, type InsertScript, type Lexemes, parseScript, ScriptError } from './parse-script.ts'
import { type Column, columnAt, conditionOf, equalColumns, referenceTo } from './script-conditions.ts'
import { batchTemplate, type Read } from './script-template.ts'

export type StepName = 'roots' | 'ancestors' | 'children'

export interface ScriptMeaning {
  readonly columns: readonly string[]
  /** a template for `batch`; null: the columns are taken as they stand */
  readonly batch: string | null
  /** further joins of the source, as a flow writes them */
  readonly joins: readonly JsonMap[]
  /** further conditions, as a flow writes them */
  readonly where: readonly JsonMap[]
  readonly maxDop: InsertScript['maxDop']
  /** it narrows to `@BusinessUnitId` */
  readonly narrows: boolean
  /** how it finds the units that count: their table where it names one, their column, and the metadata's; null: it does not ask */
  readonly units: Units | null
}

export interface Units {
  readonly table: readonly string[] | null
  readonly column: string
  readonly owner: string
}

/** What the tokens stand for; a script may also spell it out. */
export interface ScriptNames {
  readonly source: readonly string[]
  readonly target: readonly string[]
  readonly metadata: readonly string[]
  readonly metadataId: string
  readonly modifiedOn: string | null
}

type Role = 'source' | 'target' | 'metadata' | 'units' | 'batch'
/** alias of the metadata in flows */
export const META = 'meta'
/** of every FileTable */
export const KEY = 'stream_id'
export const LOCATOR = 'path_locator'
export const PARENT = 'parent_path_locator'

const ROLES: Readonly<Record<string, Role>> = {
  sourcetablefull: 'source',
  targettablefull: 'target',
  metadatatablefull: 'metadata',
  businessunittablefull: 'units',
  '#batch': 'batch',
}

const fold = (text: string): string => text.toLowerCase()
const isSame = (a: readonly string[], b: readonly string[]): boolean => fold(a.join('.')) === fold(b.join('.'))

export function roleIn(name: readonly string[], names: ScriptNames): Role | null {
  const token = name.length === 1 ? ROLES[fold(name[0] ?? '')] : undefined
  if (token !== undefined) return token
  const known = (['source', 'target', 'metadata'] as const).find((role) => isSame(name, names[role]))
  return known ?? (fold(name.at(-1) ?? '') === fold(UNIT_TABLE) ? 'units' : null)
}

/** Throws a ScriptError that says why it is left to a person. */
export function meaningOf(text: string, step: StepName, names: ScriptNames): ScriptMeaning {
  return new Meaning(parseScript(text), step, names).read()
}

class Meaning {
  readonly #script: InsertScript
  readonly #step: StepName
  readonly #names: ScriptNames
  readonly #roles = new Map<string, Role>()
  /** alias → how a flow calls a table that it joins besides */
  readonly #others = new Map<string, string>()
  readonly #joins: JsonMap[] = []
  readonly #where: JsonMap[] = []
  #units: ScriptMeaning['units'] = null
  #narrows = false

  constructor(script: InsertScript, step: StepName, names: ScriptNames) {
    this.#script = script
    this.#step = step
    this.#names = names
  }

  read(): ScriptMeaning {
    const { into, columns, tables, where, maxDop } = this.#script
    if (roleIn(into, this.#names) !== 'target') throw new ScriptError(`it inserts into ${into.join('.')}`)
    for (const table of tables) {
      const role = roleIn(table.name, this.#names)
      if (role !== null) this.#roles.set(fold(table.alias), role)
    }
    if (tables[0] === undefined || roleIn(tables[0].name, this.#names) !== 'source')
      throw new ScriptError('it does not select from [SourceTableFull] first')
    for (const table of tables.slice(1)) this.#join(table)
    for (const condition of where) this.#condition(condition)
    return {
      columns,
      batch: batchTemplate({
        script: this.#script,
        key: KEY,
        readIn: (alias) => this.#readIn(alias),
        real: (column) => this.#real(column),
        mayJoin: this.#step !== 'ancestors',
      }),
      joins: this.#joins,
      where: this.#where,
      maxDop,
      narrows: this.#narrows,
      units: this.#units,
    }
  }

  #role(column: Column | null): Role | null {
    return column === null ? null : (this.#roles.get(fold(column.alias)) ?? null)
  }

  #isKey(column: Column | null, role: Role): boolean {
    return this.#role(column) === role && fold(column?.column ?? '') === KEY
  }

  #refuse(code: Lexemes, what: string): never {
    throw new ScriptError(`${what} ${this.#textOf(code)}`)
  }

  #textOf(code: Lexemes): string {
    return this.#script.text.slice(code[0]?.start ?? 0, code.at(-1)?.end ?? 0).replaceAll(/\s+/g, ' ')
  }

  #join(table: FromTable): void {
    const role = roleIn(table.name, this.#names)
    const { text } = this.#script
    const on = table.on.map((code) => ({ code, columns: equalColumns(text, code) }))
    const [first] = on
    const sides = first?.columns ?? null
    const onlyOne = on.length === 1 && sides !== null
    if (role === null) return this.#joinOther(table)
    if (role === 'units' && table.join === 'inner' && onlyOne) {
      const [units, owner] = this.#role(sides[0]) === 'units' ? sides : [sides[1], sides[0]]
      if (this.#role(units) === 'units' && this.#role(owner) === 'metadata') {
        const spelled = table.name.length > 1 ? table.name : null
        this.#units = { table: spelled, column: units.column, owner: owner.column }
        return
      }
    }
    const isMetadata = (c: Column): boolean => this.#role(c) === 'metadata' && this.#isMetadataId(c.column)
    if (role === 'metadata' && table.join === 'inner' && onlyOne)
      if (sides.some(isMetadata) && sides.some((c) => this.#isKey(c, 'source'))) return
    // what it is joined for, to leave out what is there, is said by its WHERE
    const byKey = onlyOne && sides.some((c) => this.#isKey(c, role)) && sides.some((c) => this.#isKey(c, 'source'))
    if (role === 'target' && table.join === 'left' && byKey) return
    if (role === 'batch' && table.join === 'inner' && byKey) return
    this.#refuse(table.on.flat(), `it joins ${table.name.join('.')} on`)
  }

  #isMetadataId(column: string): boolean {
    return fold(column) === 'metadataidcolumn' || fold(column) === fold(this.#names.metadataId)
  }

  #isModifiedOn(column: string): boolean {
    return fold(column) === 'metadatamodifiedoncolumn' || fold(column) === fold(this.#names.modifiedOn ?? '')
  }

  /** A table besides: joined by columns of the source, as a flow can. */
  #joinOther(table: FromTable): void {
    const pairs = table.on.map((code) => equalColumns(this.#script.text, code))
    const on = pairs.map((pair) => {
      const own = pair?.find((c) => fold(c.alias) === fold(table.alias))
      const source = pair?.find((c) => this.#role(c) === 'source')
      return own === undefined || source === undefined ? null : ([source.column, own.column] as const)
    })
    const name = table.alias.replaceAll(/[^A-Za-z0-9_-]/g, '_')
    if (
      table.join !== 'inner' ||
      on.length === 0 ||
      on.includes(null) ||
      !/^[A-Za-z]/.test(name) ||
      fold(name) === META
    )
      this.#refuse(table.on.flat(), `it joins ${table.name.join('.')} on`)
    this.#others.set(fold(table.alias), name)
    const columns = Object.fromEntries(on.filter((pair) => pair !== null))
    this.#joins.push({ table: formatTableName(table.name), as: name, on: columns })
  }

  #condition(code: Lexemes): void {
    const { text } = this.#script
    const column = columnAt(text, code)
    const role = this.#role(column)
    const name = fold(column?.column ?? '')
    const words = code.map((l) => l.value)
    const variables = new Set(code.flatMap((l) => (l.kind === 'variable' ? [fold(l.value)] : [])))
    if (role === 'source' && name === PARENT && this.#isOfStep(words)) return
    // what the target has is left out; how a row that is there is treated, says the flow's apply
    if (role === 'target' && name === KEY && words.slice(3).join(' ') === 'IS NULL') return
    if (words[0] === 'NOT' && words[1] === 'EXISTS' && this.#asksForKey(code)) return
    if (variables.size === 1 && variables.has('@excludedstreamid') && this.#isKey(column, 'source')) return
    if (role === 'metadata' && this.#isModifiedOn(column?.column ?? '') && code.length === 5)
      if (variables.has('@windowstart') || variables.has('@windowend')) return
    if (variables.size === 1 && variables.has('@businessunitid') && this.#asksForUnit(code)) {
      this.#narrows = true
      return
    }
    const said = conditionOf(text, code, (c) => this.#named(c))
    if (said === null || this.#step === 'ancestors') this.#refuse(code, 'it asks that')
    this.#where.push(...said)
  }

  #isOfStep(words: readonly string[]): boolean {
    const rest = words.slice(3).join(' ')
    return (this.#step === 'roots' && rest === 'IS NULL') || (this.#step === 'children' && rest === 'IS NOT NULL')
  }

  /** `NOT EXISTS (SELECT … FROM [TargetTableFull] T WHERE T.stream_id = RAFT.stream_id)` */
  #asksForKey(code: Lexemes): boolean {
    const names = code.filter((l) => l.kind === 'name' || l.kind === 'word').map((l) => fold(l.value))
    const keys = names.filter((n) => n === KEY).length
    const allowed = new Set([
      'not',
      'exists',
      'select',
      'from',
      'with',
      'nolock',
      'where',
      'as',
      'targettablefull',
      KEY,
    ])
    const others = names.filter((n) => !allowed.has(n) && !this.#roles.has(n))
    return names.includes('targettablefull') && keys === 2 && new Set(others).size <= 1
  }

  /** It compares the unit of the row with the parameter, or lets every unit pass where there is none. */
  #asksForUnit(code: Lexemes): boolean {
    return code.every((_, i) => {
      const column = columnAt(this.#script.text, code, i)
      if (column === null || code[i - 1]?.value === '.') return true
      const role = this.#role(column)
      return role === 'units' || role === 'metadata'
    })
  }

  #readIn(alias: string): Read {
    const other = this.#others.get(fold(alias))
    if (other !== undefined) return { join: other }
    const role = this.#roles.get(fold(alias))
    return role === 'source' ? 'source' : role === 'metadata' ? { join: META } : null
  }

  #named({ alias, column }: Column): string | null {
    const read = this.#readIn(alias)
    return read === null ? null : referenceTo(read === 'source' ? null : read.join, this.#real(column))
  }

  #real(column: string): string {
    return fold(column) === 'metadataidcolumn'
      ? this.#names.metadataId
      : fold(column) === 'metadatamodifiedoncolumn'
        ? (this.#names.modifiedOn ?? column)
        : column
  }
}
