/** Safeguards of snapshots; the form is that of `table.mjs`. */
const FINGERPRINT = 'src/snapshot/fingerprint.sql.ts'
const EXTRACT = 'src/snapshot/extract.ts'
const VALUES = 'test/semantics/snapshot-values.test.ts'
const DIFFERENCE = 'test/semantics/snapshot-difference.test.ts'
const SCHEMA = 'test/semantics/snapshot-schema.test.ts'
const SCOPES = 'test/semantics/snapshot-scopes.test.ts'
const RUNS = 'test/semantics/snapshot-runs.test.ts'

const OUT = 'test/e2e/snapshot-out.test.ts'

export const SNAPSHOT = [
  {
    name: 'report: what a row says is markup',
    file: 'src/cli/report/html.ts',
    find: 'return escaped(String(hole))',
    replace: 'return String(hole)',
    test: [OUT, 'the report is one page that asks for nothing else, with every value as text'],
  },
  {
    name: 'snapshot diff --out: a file is written in its place',
    file: 'src/cli/out-file.ts',
    find: 'this.part = path.join(path.dirname(file), `.${path.basename(file)}.${process.pid}.part`)',
    replace: 'this.part = file',
    test: [OUT, 'another ending is refused, and what is there is written over only when asked'],
  },
  {
    name: 'snapshot diff --out: a file that is there is written over unasked',
    file: 'src/cli/out-file.ts',
    find: 'if (there !== undefined) await confirm',
    replace: 'if (false) await confirm',
    test: [OUT, 'another ending is refused, and what is there is written over only when asked'],
  },
  {
    name: 'snapshot diff --columns: a row that differs in others alone stays changed',
    file: 'src/app/snapshot/diff.ts',
    find: 'await desk.exec(narrow)',
    replace: 'void narrow',
    test: [OUT, '--columns looks at some columns alone, on the screen and in files'],
  },
  {
    name: 'snapshot: the sign of a float is not looked at',
    file: FINGERPRINT,
    find: 'const values = [x, sql`(signbit(${x}) AND NOT isnan(${x}))`]',
    replace: 'const values = [x]',
    test: [VALUES, 'every change of a value is one, with exact: false'],
  },
  {
    name: 'snapshot: an interval is hashed as it is',
    file: FINGERPRINT,
    find: 'const isShort = SHORT.test(type) ||',
    replace: "const isShort = type === 'INTERVAL' || SHORT.test(type) ||",
    test: [VALUES, 'every change of a value is one, with exact: false'],
  },
  {
    name: 'snapshot: columns are hashed in the order of the table',
    file: FINGERPRINT,
    find: 'const all = columns.toSorted(byName).map((column)',
    replace: 'const all = columns.map((column)',
    test: [DIFFERENCE, 'the order of the columns says nothing'],
  },
  {
    name: 'snapshot: fingerprints of another engine are trusted',
    file: 'src/snapshot/compare.ts',
    find: 'JSON.stringify([of.key, of.engine, inOrder(of)])',
    replace: 'JSON.stringify([of.key, inOrder(of)])',
    test: [SCHEMA, 'fingerprints of another engine say nothing, and its row hashes do'],
  },
  {
    name: 'snapshot: fingerprints of another type are trusted',
    file: 'src/snapshot/compare.ts',
    find: "if (valuesOf(before) === valuesOf(now)) return 'fingerprints'",
    replace: "if (textsOf(before) === textsOf(now)) return 'fingerprints'",
    test: [SCHEMA, 'a column retyped from INTEGER to VARCHAR changes no row whose value is the same'],
  },
  {
    name: 'snapshot: a scope is compared with another one',
    file: EXTRACT,
    find: 'return found.scope === scope ? found : null',
    replace: 'return found',
    test: [SCOPES, 'a scope never seen is new as a whole, also beside a snapshot of the whole flow'],
  },
  {
    name: 'snapshot: a snapshot that is not there counts as none',
    file: EXTRACT,
    find: '  if (found === undefined)\n    throw',
    replace: '  if (found === undefined) return null\n  if (found === undefined)\n    throw',
    test: [SCHEMA, 'a snapshot that is not here any more stops the run, and --full begins anew'],
  },
  {
    name: 'snapshot: a key that is there twice goes through',
    file: EXTRACT,
    find: '  if (twice.length === 0) return\n',
    replace: '  if (twice.length >= 0) return\n',
    test: [DIFFERENCE, 'a row that is there twice is an error with its key, and nothing is written'],
  },
  {
    name: 'snapshot: what the target lacks is not missed',
    file: 'src/snapshot/deliver.ts',
    find: '  if (!run.refills) return\n',
    replace: '  if (run.refills || !run.refills) return\n',
    test: [DIFFERENCE, 'a target row deleted by hand comes back as new'],
  },
  {
    name: 'snapshot: open rejects are left out',
    file: 'src/snapshot/deliver.ts',
    find: 'const { again } = run.selection',
    replace: 'const again: readonly string[] = []',
    test: [RUNS, 'a row in quarantine comes again with every snapshot until it lands'],
  },
  {
    name: 'snapshot: old ones stay',
    file: 'src/snapshot/hot-side.ts',
    find: 'gone.push(...ofScope.slice(0, -keep).map(({ id }) => id))',
    replace: 'gone.push(...ofScope.slice(0, 0).map(({ id }) => id))',
    test: [DIFFERENCE, 'keep: 2 keeps exactly so many snapshots, and their images'],
  },
]
