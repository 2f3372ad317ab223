/** Safeguards of exact values. */
export const EXACT = [
  {
    name: 'exact: an exponent that no integer holds is none',
    file: 'src/dialects/duckdb/decimal-cast.sql.ts',
    find: 'regexp_matches(${text}, ${NEAR_EXPONENT}) AND ',
    replace: '',
    test: ['test/exact/decimal-cast.test.ts', 'regression: an exponent of any length is read, or the text is no value'],
  },
  {
    name: 'exact: a number fits whatever its range',
    file: 'src/dialects/duckdb/narrowing.ts',
    find: '  if (b.scale < a.scale) return false\n',
    replace: '  if (b.scale <= a.scale) return true\n',
    test: [
      'test/exact/type-matrix.test.ts',
      'a cast that is called lossless loses no value: there and back in DuckDB, for every pair of types',
    ],
  },
  {
    name: 'exact: sessions keep the zone of the machine',
    file: 'src/drivers/duckdb.ts',
    find: '  await admin.run("SET GLOBAL TimeZone = \'UTC\'")\n',
    replace: '',
    test: ['test/exact/time-zone.test.ts', 'a machine that lies elsewhere changes no session'],
  },
  {
    name: 'exact: the length is left out of a frame',
    file: 'src/dialects/duckdb/canonical.sql.ts',
    find: "CAST(strlen(${text}) AS VARCHAR) || ':' || ${text}",
    replace: '${text}',
    test: ['test/exact/row-hash.test.ts', 'the published test vectors are what DuckDB makes of them'],
  },
  {
    name: 'exact: a declared cast rounds',
    file: 'src/dialects/duckdb/try-cast.sql.ts',
    find: 'sql`CASE WHEN ${sameContent(source, tryCast(target, source, there), x)} THEN ${there} END`',
    replace: 'there',
    test: ['test/exact/exact-cast.test.ts', 'a declared cast takes what arrives exactly, and nothing else'],
  },
  {
    name: 'exact: a column that is not held exactly does not stop a run',
    file: 'src/plan/fidelity.ts',
    find: "  if (report.some((r) => r.fidelity.kind === 'refused')) throw new RefusedColumns(definition, report)\n",
    replace: '',
    test: ['test/semantics/bad-input.test.ts', 'all columns that cannot be held exactly are refused together'],
  },
]
