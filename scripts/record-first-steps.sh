#!/usr/bin/env bash
# docs/assets/first-steps.svg from a real run, in a terminal that `script` of util-linux makes:
#
#   bash scripts/record-first-steps.sh
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
node="$root/node_modules/node/bin/node"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
mkdir data modules

cat >tidemark.yaml <<'YAML'
project: shop
connections:
  shop: { kind: duckdb, path: data/shop.duckdb }
  lake: { kind: duckdb, path: data/lake.duckdb }
YAML
cat >shop.sql <<'SQL'
ATTACH 'data/shop.duckdb' AS shop;
USE shop;
CREATE TABLE customers (customer_id INTEGER PRIMARY KEY, name VARCHAR, modified_at TIMESTAMP);
INSERT INTO customers
SELECT i, 'customer ' || i, now() AT TIME ZONE 'UTC' - to_minutes(10 + i) FROM range(1, 50001) AS t(i);
CREATE TABLE orders (order_id BIGINT PRIMARY KEY, customer_id INTEGER, amount DECIMAL(12, 2), modified_at TIMESTAMP);
INSERT INTO orders
SELECT i, i % 50000, i % 9973 / 100, now() AT TIME ZONE 'UTC' - to_seconds(600 + i) FROM range(1, 2500001) AS t(i);
CREATE TABLE currencies (code VARCHAR PRIMARY KEY, name VARCHAR);
INSERT INTO currencies VALUES ('EUR', 'Euro'), ('GBP', 'Pound sterling'), ('USD', 'US dollar');
SQL
"$node" "$root/examples/play/run-sql.ts" shop.sql >/dev/null

typed() { # what one types, as the terminal shows it
  printf '\033[1m$ tidemark %s\033[22m\r\n' "$*"
  script -qec "stty cols 118; '$node' '$root/packages/engine/bin/tidemark.js' $*" /dev/null </dev/null
  printf '\r\n'
}
{
  typed discover shop --write modules/sales.yaml
  typed plan sales.orders --deploy
  typed run --all
} | "$node" "$root/scripts/terminal-svg.mjs" --title 'discover, plan, run' >"$root/docs/assets/first-steps.svg"
