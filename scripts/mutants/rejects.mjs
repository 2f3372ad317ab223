/** Safeguards of rows that cannot land. */
const BENCH = 'src/dialects/duckdb/bench.ts'
const SIFT = 'src/dialects/relational/sift.ts'
const SEMANTICS = 'test/semantics'

export const REJECTS = [
  {
    name: 'rejects: they are not written by the transaction of the batch',
    file: BENCH,
    find: 'if (counts.rejected > 0n)',
    replace: 'if (false)',
    test: [
      `${SEMANTICS}/rejects.test.ts`,
      'rejects of a batch that committed and was never recorded are learned from the target',
    ],
  },
  {
    name: 'rejects: a resume learns the counts of a batch alone',
    file: 'src/run/run-steps.ts',
    find: 'rows.rejected > 0n ? await',
    replace: 'false ? await',
    test: [
      `${SEMANTICS}/rejects.test.ts`,
      'rejects of a batch that committed and was never recorded are learned from the target',
    ],
  },
  {
    name: 'rejects: max is not held',
    file: 'src/run/reject-budget.ts',
    find: 'if (all > this.#max)',
    replace: 'if (false)',
    test: [
      `${SEMANTICS}/rejects.test.ts`,
      'as many rejects as max are kept, and batches side by side do not pass it together',
    ],
  },
  {
    name: 'rejects: batches side by side do not share the limit',
    file: 'src/run/reject-budget.ts',
    find: '    this.#taken += rows\n',
    replace: '',
    test: [
      `${SEMANTICS}/rejects.test.ts`,
      'as many rejects as max are kept, and batches side by side do not pass it together',
    ],
  },
  {
    name: 'conflicts: a row that stays out is taken to have given up its value',
    file: SIFT,
    find: 'if (await this.#drop(this.#say.addClashes(this.#catalogs, this.#relation, this.staged, columns))) found = true',
    replace: 'await this.#drop(this.#say.addClashes(this.#catalogs, this.#relation, this.staged, columns))',
    test: [
      `${SEMANTICS}/unique-conflicts.test.ts`,
      'a row that stays out keeps its former value, and whoever counted on it stays out too',
    ],
  },
  {
    name: 'conflicts: keys that the collation holds equal are merged',
    file: SIFT,
    find: 'if (folded.length > 0) await',
    replace: 'if (false) await',
    test: [
      `${SEMANTICS}/unique-conflicts.test.ts`,
      'keys that the collation of the target holds equal are rejects, never merged',
    ],
  },
  {
    name: 'policies: attempts have no end',
    file: 'src/run/land-batch.ts',
    find: ' || n >= what.attempts',
    replace: ' || n >= 5',
    test: [
      `${SEMANTICS}/error-policies.test.ts`,
      'attempts exhausted fail the run with the code, and it can be resumed',
    ],
  },
  {
    name: 'parents: a row lands though its parent is not there',
    file: SIFT,
    find: 'if (!withParents || !tree) return',
    replace: 'return',
    test: [
      `${SEMANTICS}/tree-resume.test.ts`,
      'a batch whose parent is not there any more fails, and a resume looks for the parents again',
    ],
  },
]
