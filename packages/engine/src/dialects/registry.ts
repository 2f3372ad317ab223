/** The one place that knows dialects by name. A process that moves only DuckDB files loads only DuckDB. */
import { AppError } from '../runtime/app-error.ts'
import type { DialectModule } from './contract.ts'

const LOADERS = {
  duckdb: () => import('./duckdb/index.ts').then((m): DialectModule => m.duckdb),
  files: () => import('./files/index.ts').then((m): DialectModule => m.files),
  postgres: () => import('./postgres/index.ts').then((m): DialectModule => m.postgres),
  sqlserver: () => import('./sqlserver/index.ts').then((m): DialectModule => m.sqlserver),
} satisfies Record<string, () => Promise<DialectModule>>

export type DialectKind = keyof typeof LOADERS
export const DIALECT_KINDS = Object.keys(LOADERS) as readonly DialectKind[]

export type DialectLoader = (kind: string) => Promise<DialectModule>

export const loadDialect: DialectLoader = (kind) => {
  if (!Object.hasOwn(LOADERS, kind))
    throw new AppError('TM1017', `connections of kind ${kind}; this version has ${DIALECT_KINDS.join(', ')}`)
  return LOADERS[kind as DialectKind]()
}
