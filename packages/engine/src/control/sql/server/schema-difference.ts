/** What is in the schema, compared with what a store of the present version has. */
export interface SchemaFact {
  /** `column run.seq`, `trigger task.task_updated` */
  readonly what: string
  /** `bigint not null`, `enabled`; of code that is kept as text, the start of its SHA-256 */
  readonly is: string
}

export interface Difference {
  /** `trigger task.task_updated` */
  readonly what: string
  readonly wanted: string
  /** null: it is missing */
  readonly found: string | null
}

/** What should be there and is not. What is there besides is nobody's business. */
export function differencesFrom(facts: readonly SchemaFact[], manifest: readonly SchemaFact[]): readonly Difference[] {
  const found = new Map(facts.map(({ what, is }) => [what, is]))
  return manifest.flatMap(({ what, is }) =>
    found.get(what) === is ? [] : [{ what, wanted: is, found: found.get(what) ?? null }],
  )
}

/** Columns and the like of a table that is missing need no word of their own. */
export function damageOf(differences: readonly Difference[]): readonly string[] {
  const gone = differences.flatMap(({ what, found }) =>
    found === null && /^(table|view) /.test(what) ? [what.slice(what.indexOf(' ') + 1)] : [],
  )
  return differences
    .filter(({ what }) => !gone.some((table) => what.includes(` ${table}.`)))
    .map(({ what, wanted, found }) => {
      if (found === null) return `${what} is missing`
      return isText(wanted) ? `${what} is another one` : `${what} is ${found}, not ${wanted}`
    })
}

const isText = (is: string): boolean => /^[0-9a-f]{12}$/.test(is)

/** One list of names as facts of one kind. */
export const factsOf = (kind: string, names: string, is: string): readonly SchemaFact[] =>
  words(names).map((name) => ({ what: `${kind} ${name}`, is }))

/** `name type, name type not null`, of each table. */
export const columnFacts = (columns: Readonly<Record<string, string>>): readonly SchemaFact[] =>
  Object.entries(columns).flatMap(([table, list]) =>
    list.split(',').map((column) => {
      const [name, ...type] = words(column)
      return { what: `column ${table}.${name}`, is: type.join(' ') }
    }),
  )

const words = (text: string): readonly string[] => text.trim().split(/\s+/)
