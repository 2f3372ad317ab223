import type { Difference } from '../server/schema-difference.ts'
import { POSTGRES_MIGRATIONS } from './postgres-migrations.ts'

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
