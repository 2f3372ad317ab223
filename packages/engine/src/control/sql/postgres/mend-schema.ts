import type { SchemaFact } from './schema-facts.sql.ts'
import { POSTGRES_MIGRATIONS } from './postgres-migrations.ts'
import { SCHEMA_MANIFEST } from './schema-manifest.ts'

export interface Difference {
  /** `trigger task.task_updated` */
  readonly what: string
  readonly wanted: string
  /** null: it is missing */
  readonly found: string | null
}

/** What should be there and is not. What is there besides is nobody's business. */
export function differencesFrom(facts: readonly SchemaFact[]): readonly Difference[] {
  const found = new Map(facts.map(({ what, is }) => [what, is]))
  return SCHEMA_MANIFEST.flatMap(({ what, is }) =>
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
      return what.startsWith('function ') ? `${what} is another one` : `${what} is ${found}, not ${wanted}`
    })
}

/**
 * The statements that put back what can be put back without a backup: triggers, functions, views and indexes. Tables and
 * columns had content.
 */
export function mendingSql(differences: readonly Difference[]): string {
  const kinds = ['function', 'index', 'view', 'trigger']
  const ordered = kinds.flatMap((kind) => differences.filter(({ what }) => what.startsWith(`${kind} `)))
  return ordered.flatMap(({ what, found }) => putBack(what, found) ?? []).join('\n')
}

function putBack(what: string, found: string | null): string | null {
  const [kind = '', name = ''] = what.split(' ')
  const [table = '', part = ''] = name.split('.')
  switch (kind) {
    case 'function':
      return (
        madeBy(new RegExp(`^create function tidemark\\.${table}\\([\\s\\S]*?\\$\\$;$`, 'gm'))?.replace(
          'create function',
          'create or replace function',
        ) ?? null
      )
    case 'index':
      return madeBy(new RegExp(`^create (?:unique )?index ${part} [^;]*;$`, 'gm'))
    case 'view':
      return madeBy(new RegExp(`^create view tidemark\\.${table} [^;]*;$`, 'gm'))
    case 'trigger':
      return found === null
        ? madeBy(new RegExp(`^create trigger ${part} [^;]*;$`, 'gm'))
        : `alter table tidemark.${table} enable trigger ${part};`
    default:
      return null
  }
}

/** As the newest migration that makes it says it. */
const madeBy = (pattern: RegExp): string | null =>
  POSTGRES_MIGRATIONS.flatMap(({ text }) => [...text.matchAll(pattern)].map(([statement]) => statement)).at(-1) ?? null
