/** Catalogs as words, for statements that people read: files are attached under numbered names, and a target may not exist yet. */
import { ident } from '../sql-text.ts'
import { attachedSource, attachedTables, type DuckdbCatalogs } from './names.ts'
import type { SourceEnd } from './source-end.ts'
import { withSpool } from './spool.sql.ts'
import type { TargetEnd } from './target-end.ts'

export const inWords = (
  c: DuckdbCatalogs,
  { source, target }: { readonly source: SourceEnd; readonly target: TargetEnd },
): DuckdbCatalogs => ({
  ...c,
  source: withSpool(source.file === null ? source.names : attachedSource('source'), 'work'),
  target: attachedTables(target.landing === null ? 'target' : c.target.catalog, 'target'),
  work: (name) => ident('work', 'main', name),
})
