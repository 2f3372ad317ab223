/** Safeguards of columns, masks and drift; the form is that of `table.mjs`. */
const REFUSE = 'src/dialects/duckdb/refuse-batch.ts'
const SEMANTICS = 'test/semantics'

export const COLUMNS = [
  {
    name: 'mask: values land in clear',
    file: 'src/dialects/relational/columns.sql.ts',
    find: '  if (x.mask !== null) return masked(c, x.mask, { value, type }, x.targetType)\n',
    replace: '',
    test: [
      `${SEMANTICS}/mask.test.ts`,
      'flat, with a hashed key: clear values and the key of the mask are nowhere, and rows are still recognised',
    ],
  },
  {
    name: 'mask: a key is remembered in clear',
    file: 'src/dialects/relational/columns.sql.ts',
    find: 'return x.mask === null ? clearValue(c, x) : landingValue(c, x)',
    replace: 'return clearValue(c, x)',
    test: [
      `${SEMANTICS}/mask.test.ts`,
      'a tree with a hashed key: rejects of orphans, and what is found of them later, hold the hash',
    ],
  },
  {
    name: 'mask: a joined key is remembered in clear',
    file: 'src/dialects/relational/columns.sql.ts',
    find: 'return x?.mask',
    replace: 'return x?.mask && false',
    test: [
      `${SEMANTICS}/mask.test.ts`,
      'joined by a hashed key: a position without its main row is remembered without its clear value, and found later',
    ],
  },
  {
    name: 'mask: the database is quoted',
    file: 'src/dialects/duckdb/errors.ts',
    find: 'const error = discreet ? withoutValues(given) : given',
    replace: 'const error = given',
    test: [
      `${SEMANTICS}/mask.test.ts`,
      'what the database says of a clear value it cannot read reaches neither message nor ledger',
    ],
  },
  {
    name: 'cast: a value that does not fit lands as NULL',
    file: 'src/dialects/relational/rejects.sql.ts',
    find: 'unfitting(c, r).length > 0',
    replace: 'unfitting(c, r).length < 0',
    test: [
      `${SEMANTICS}/columns.test.ts`,
      'values that do not fit are counted, nothing of their batch lands, and the mended run resumes',
    ],
  },
  {
    name: 'drift: a batch does not look at the types',
    file: REFUSE,
    find: "if (changed.length > 0) throw new AppError('TM4108',",
    replace: "if (false) throw new AppError('TM4108',",
    test: [
      `${SEMANTICS}/drift.test.ts`,
      'a type of the target that changes between two batches is noticed, and nothing is rounded into it',
    ],
  },
  {
    name: 'drift: an error that it causes is not explained',
    file: 'src/run/refuse-drift.ts',
    find: '    return differences.length > 0 ? drifted(differences, { cause: error }) : error\n',
    replace: '    return error\n',
    test: [`${SEMANTICS}/drift.test.ts`, 'a column of a joined table that changes under a run is named with its table'],
  },
  {
    name: 'drift: columns that vanished are not missed',
    file: 'src/plan/drift.ts',
    find: "if (lost.length === 0 || d.drift === 'ignore') return",
    replace: 'return',
    test: [
      `${SEMANTICS}/drift.test.ts`,
      'a column that vanished stops the run; drift: ignore goes on without it and leaves what the target has',
    ],
  },
  {
    name: 'drift: SQL Server: types are looked up once, however columns are described later',
    file: 'src/dialects/sqlserver/refuse-batch.ts',
    find: 'if (this.#found.has(planned + shape)) return',
    replace: 'if (this.#found.size > 0) return',
    test: ['test/tds/types-as-planned.test.ts', 'again where it describes them otherwise, and the batch is refused'],
  },
]
