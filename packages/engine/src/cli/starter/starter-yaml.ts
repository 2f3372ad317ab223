/** The definitions that `init` writes: small, commented, and complete. */
export const projectYaml = (
  project: string,
): string => `# What moves is defined in modules/. See what a run would do: tidemark plan --all
project: ${project}
control: sqlite:.tidemark/control.db               # definitions and ledger
connections:
  shop: { kind: duckdb, path: data/shop.duckdb }   # two views, over the CSV files beside it
  lake: { kind: duckdb, path: lake.duckdb }        # made by the first run
`

export const MODULE_YAML = `module: orders
description: Orders and customers of a small shop
tasks:
  - id: customers
    order: 1
    flow:
      source: { connection: shop, table: customers }
      target: { connection: lake, table: customers }
      key: [customer_id]
      capture: backfill                            # rows whose key the target lacks; no position needed
      apply: insert-missing
  - id: orders
    order: 2
    flow:
      source: { connection: shop, table: orders }
      target: { connection: lake, table: orders }
      key: [order_id]
      capture: { kind: watermark, position: updated_at, clock: utc, buffer: 15m }   # rows changed since the last run
      apply: latest                                # the newest version of a row wins
`

export const GITIGNORE = `.tidemark/
.env
/lake.duckdb*
`
