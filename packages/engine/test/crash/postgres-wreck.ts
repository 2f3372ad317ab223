/** The small table of the crash tests on PostgreSQL. */

export const TABLE =
  'CREATE TABLE office.src (id bigint PRIMARY KEY, name text, modified_on timestamptz NOT NULL); CREATE INDEX ON office.src (modified_on)'

/** Wide enough that a few hundred are many pages. */
export const rowsFrom = (first: number, last: number): string =>
  `INSERT INTO office.src SELECT i, repeat('n' || i, 60), timestamptz '2026-01-01' + i * interval '1 second' FROM generate_series(${first}, ${last}) AS s(i); ANALYZE office.src`
