import { type Difference, differencesFrom } from '../server/schema-difference.ts'
import { SETTINGS } from './batches-of-script.ts'
import { MIGRATION_BATCHES, SCHEMA_CODE } from './schema-code.ts'
import { SCHEMA_MANIFEST } from './schema-manifest.ts'

interface Found {
  readonly what: string
  readonly is: string | null
}

/** `seesDefinitions`: where the user may not, only tables, views and columns are compared. */
export function differencesOf(facts: readonly Found[], seesDefinitions: boolean): readonly Difference[] {
  const known = facts.flatMap(({ what, is }) => (is === null ? [] : [{ what, is }]))
  const wanted = SCHEMA_MANIFEST.filter(({ what }) => seesDefinitions || /^(table|view|column) /.test(what))
  // what is missing as a whole, or encrypted, has no text
  return differencesFrom(known, wanted).filter(({ what, found }) => !isText(what) || found !== null)
}

const isText = (what: string): boolean => what.startsWith('text of ')

/**
 * The statements that put back what can be put back without a backup: triggers, functions, views, indexes, and
 * constraints that were switched off. Tables and columns had content.
 */
export function mendingSql(differences: readonly Difference[]): string {
  const kinds = ['function', 'index', 'view', 'text', 'trigger', 'constraint']
  const ordered = kinds.flatMap((kind) => differences.filter(({ what }) => what.startsWith(`${kind} `)))
  const batches = ordered.flatMap((difference) => putBack(difference))
  return batches.length === 0 ? '' : [SETTINGS, ...batches.map((batch) => `${batch}\ngo`)].join('\n')
}

function putBack({ what, found }: Difference): readonly string[] {
  const name = what.slice(what.lastIndexOf(' ') + 1)
  const [table = '', part = ''] = name.split('.')
  switch (what.slice(0, what.indexOf(' '))) {
    case 'function':
    case 'view':
      return made(name)
    case 'text':
      return [`drop ${SCHEMA_CODE.get(name)?.kind} tidemark.${name}`, ...made(name)]
    case 'index':
      return found === null ? madeIndex(part) : [`alter index ${part} on tidemark.${table} rebuild`]
    case 'trigger':
      return found === null ? made(part) : [`enable trigger tidemark.${part} on tidemark.${table}`]
    case 'constraint':
      return found === null ? [] : [`alter table tidemark.${table} with check check constraint ${part}`]
    default:
      return []
  }
}

function made(name: string): readonly string[] {
  const code = SCHEMA_CODE.get(name)
  return code === undefined ? [] : [code.text]
}

function madeIndex(name: string): readonly string[] {
  const pattern = new RegExp(`^create (?:unique )?index ${name} [^;]*;`, 'm')
  return MIGRATION_BATCHES.flatMap((batch) => pattern.exec(batch)?.[0] ?? []).slice(-1)
}
