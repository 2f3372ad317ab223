/** The project that `tidemark init NAME` makes: it runs as it stands, and its comments teach. */
import { NAME_PATTERN } from '@tidemark/contract/ids'
import { AppError } from '../runtime/app-error.ts'

/** Relative path of the sample database; `SAMPLE_SQL` fills it. */
export const SAMPLE_DATABASE = 'data/shop.duckdb'

/** Path relative to the new project → text. */
export function initProject(name: string): ReadonlyMap<string, string> {
  if (!NAME_PATTERN.test(name)) {
    throw new AppError('TM1002', `"${name}" cannot be the name of a project: it must start with a letter and hold only letters, digits, - and _`)
  }
  return new Map([
    ['tidemark.yaml', PROJECT.replace('NAME', name)],
    ['modules/orders.yaml', MODULE],
    ['.gitignore', '.tidemark/\n.env\n'],
  ])
}

const PROJECT = `# A Tidemark project. From this folder:
#   tidemark run --all    moves what changed (the first time: everything)
#   tidemark status       where things stand
#   tidemark plan --all   what a run would do, without doing it
project: NAME

# Definitions and the ledger: what was moved, when, by whom.
control: sqlite:.tidemark/control.db

# Databases. Secrets are never written here: use env:NAME, or \${env:NAME} inside a value.
# A .env beside this file is read and never overrides the environment.
connections:
  shop: { kind: duckdb, path: ${SAMPLE_DATABASE} }
  lake: { kind: duckdb, path: data/lake.duckdb }

# Merged under every flow of modules/*.yaml.
defaults:
  batch: { rows: 5000, bytes: 64MiB }
`

const MODULE = `# A module is an ordered list of tasks; a flow is one table's movement. Its name is MODULE.TASK:
#   tidemark run orders.customers
module: orders
description: The shop's customers and orders, kept up to date in the lake

tasks:
  - id: customers
    order: 1                      # lower orders go first
    flow:
      source: { connection: shop, table: customers }
      target: { connection: lake, table: customers }   # made when it is missing
      key: [customer_id]
      capture:
        kind: watermark           # rows whose position lies after the last run's
        position: updated_at
        clock: utc
        buffer: 5m                # rows younger than this wait for the next run: their neighbours may still commit
      apply: latest               # the newer row wins; running twice changes nothing

  - id: orders
    order: 2
    flow:
      source: { connection: shop, table: orders }
      target: { connection: lake, table: orders }
      key: [order_id]
      capture: { kind: watermark, position: updated_at, clock: utc, buffer: 5m }
      apply: latest
      scope: { country: country } # tidemark run orders.orders --scope country=NL   moves that part alone
`

/** DuckDB statements that fill the sample database: always the same rows, all of the past. */
export const SAMPLE_SQL: readonly string[] = [
  `CREATE TABLE customers (
  customer_id INTEGER NOT NULL,
  name VARCHAR NOT NULL,
  country VARCHAR NOT NULL,
  updated_at TIMESTAMP NOT NULL
)`,
  `INSERT INTO customers
SELECT i, 'Customer ' || i, ['DE', 'FR', 'NL', 'PL', 'UK'][1 + i % 5],
       TIMESTAMP '2025-01-01 06:00:00' + to_minutes(i * 37)
  FROM generate_series(1, 1200) AS s(i)`,
  `CREATE TABLE orders (
  order_id BIGINT NOT NULL,
  customer_id INTEGER NOT NULL,
  country VARCHAR NOT NULL,
  amount DECIMAL(12, 2) NOT NULL,
  placed_on DATE NOT NULL,
  updated_at TIMESTAMP NOT NULL
)`,
  `INSERT INTO orders
SELECT i, 1 + (i * 7919) % 1200, ['DE', 'FR', 'NL', 'PL', 'UK'][1 + (1 + (i * 7919) % 1200) % 5],
       ((i * 104729) % 500000)::DECIMAL(12, 2) / 100, DATE '2025-01-01' + ((i * 3) % 180)::INTEGER,
       TIMESTAMP '2025-01-01 06:00:00' + to_seconds(i * 1931)
  FROM generate_series(1, 8931) AS s(i)`,
]
