/** The options of a connection to a PostgreSQL database. */
import { z } from 'zod'
import { durationMs, isReference, name, port, refuse, strictMap } from './schema-parts.ts'

const url = name.refine(
  (text) => isReference(text) || /^postgres(ql)?:\/\/[^/]/.test(text),
  'must be postgres://USER@HOST:PORT/DATABASE, or env:NAME',
)

const tls = strictMap({
  mode: z.enum(['disable', 'prefer', 'require', 'verify-ca', 'verify-full']).optional(),
  /** PEM, mostly file:PATH */
  ca: name.optional(),
  cert: name.optional(),
  key: name.optional(),
})

export const postgresSchema = strictMap({
  url: url.optional(),
  host: name.optional(),
  port: port.optional(),
  database: name.optional(),
  user: name.optional(),
  password: name.optional(),
  /** of tables that are named without one; left out: public */
  schema: name.optional(),
  tls: tls.optional(),
  /** roles that never write: their open transactions hold no window back */
  read_only_roles: z.array(name).optional(),
  /** how long batches are read under one snapshot, which holds back vacuum; left out: 1h */
  max_age: durationMs.optional(),
}).transform((given, ctx) => {
  if (given.url === undefined && (given.host === undefined || given.database === undefined))
    refuse(ctx, 'a postgres connection needs url: …, or host: … and database: …')
  return given
})

export type PostgresConnectionOptions = z.output<typeof postgresSchema>
