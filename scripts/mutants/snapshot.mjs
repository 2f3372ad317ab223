/** Safeguards of snapshots; the form is that of `table.mjs`. */
const FINGERPRINT = 'src/snapshot/fingerprint.sql.ts'
const EXTRACT = 'src/snapshot/extract.ts'
const VALUES = 'test/semantics/snapshot-values.test.ts'
const DIFFERENCE = 'test/semantics/snapshot-difference.test.ts'
const SCHEMA = 'test/semantics/snapshot-schema.test.ts'
const SCOPES = 'test/semantics/snapshot-scopes.test.ts'
const RUNS = 'test/semantics/snapshot-runs.test.ts'
const HOT = 'test/semantics/snapshot-hot-target.test.ts'
const LIVE = 'test/semantics/snapshot-live.test.ts'
const FORENSIC = 'test/semantics/snapshot-forensic.test.ts'
const DELETE = 'src/dialects/relational/delete.sql.ts'
const GONE = 'src/snapshot/gone.sql.ts'

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
    find: 'return found.row.scope === scope ? found : null',
    replace: 'return found',
    test: [SCOPES, 'a scope never seen is new as a whole, also beside a snapshot of the whole flow'],
  },
  {
    name: 'snapshot: a snapshot that is not there counts as none',
    file: EXTRACT,
    find: '  if (found === null)\n    throw',
    replace: '  if (found === null) return null\n  if (found === null)\n    throw',
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
    file: 'src/snapshot/tidying.ts',
    find: '.slice(0, -keep)',
    replace: '.slice(0, 0)',
    test: [DIFFERENCE, 'keep: 2 keeps exactly so many snapshots, and their images'],
  },
  {
    name: 'snapshot: the target keeps a snapshot before it is sound',
    file: 'src/snapshot/hot-target.ts',
    find: 'header: headerOf(row),',
    replace: "header: { ...headerOf(row), state: 'kept' },",
    test: [HOT, 'a snapshot is building before the first batch, and kept when its run has settled'],
  },
  {
    name: 'snapshot: the target takes a snapshot of an owner that slept',
    file: 'src/dialects/duckdb/hot-tables.ts',
    find: 'if ((await this.#exec(enter(this.#target, fence, 0))) !== 1n)',
    replace: 'if (fence.token < 0n)',
    test: [HOT, 'an owner that is not the newest brings nothing'],
  },
  {
    name: 'snapshot: numbers begin anew where the hot side is lost',
    file: EXTRACT,
    find: 'tables === null ? [] : await listInTarget(tables, plan)',
    replace: 'tables === null ? await listInTarget(tables, plan) : []',
    test: [HOT, 'a run that begins anew where the hot side is lost has the newest snapshot all the same'],
  },
  {
    name: 'snapshot: flows of several projects are one in the target',
    file: 'src/dialects/relational/hot.sql.ts',
    find: 'sql`store = ${param(store)} AND flow = ${param(flow)}`',
    replace: 'sql`store <> ${param(`${store}x`)} AND flow = ${param(flow)}`',
    test: [HOT, 'two flows take their snapshots into one target at once, and leave those of another project alone'],
  },
  {
    name: 'snapshot: rows that the target has lost are not missed',
    file: 'src/snapshot/hot-target.ts',
    find: '=== row.rows ? { row, rows } : null',
    replace: '>= 0n ? { row, rows } : null',
    test: [HOT, 'rows that somebody took away in the target are not taken for those of the source'],
  },
  {
    name: 'snapshot: a row that another scope has by now is deleted',
    file: DELETE,
    find: 'joined([...carried, ...kept]',
    replace: 'joined([...kept, ...carried.slice(carried.length)]',
    test: [LIVE, 'the scope is asked again when a batch deletes: another scope may have taken the row over meanwhile'],
  },
  {
    name: 'snapshot: an excluded key is deleted',
    file: DELETE,
    find: 'joined([...carried, ...kept]',
    replace: 'joined([...carried, ...kept.slice(kept.length)]',
    test: [LIVE, 'an excluded key is not deleted either'],
  },
  {
    name: 'snapshot: rows of others are deleted',
    file: GONE,
    find: '${whole ? EMPTY : sql` AND ${known}`}',
    replace: '${whole || !whole ? EMPTY : sql` AND ${known}`}',
    test: [LIVE, 'a row of the target that no snapshot had is not deleted, but where there is no snapshot before'],
  },
  {
    name: 'snapshot: what a lost extraction brought stays',
    file: EXTRACT,
    find: 'const standsIn = there !== undefined && run.begun',
    replace: 'const standsIn = there !== undefined && run.begun && id === run.run',
    test: [LIVE, 'an extraction that stands in for a lost one takes away what that had brought'],
  },
  {
    name: 'snapshot: no brake on deletes',
    file: 'src/snapshot/find-gone.ts',
    find: 'gone === 0n || brake.lifted',
    replace: 'gone >= 0n || brake.lifted',
    test: [
      LIVE,
      'a refused brake leaves no snapshot, and the target as it was; the same run goes on when it is lifted',
    ],
  },
  {
    name: 'snapshot: an image of the same size counts as the same',
    file: 'src/snapshot/same-bytes.ts',
    find: 'here.compare(there, 0, length, 0, length) !== 0',
    replace: 'false',
    test: [
      'test/semantics/snapshot-difference.test.ts',
      'a value of the same length leaves an image of the same size, and is found',
    ],
  },
  {
    name: 'snapshot: a refused brake leaves a snapshot',
    file: EXTRACT,
    find: '    if (!begun.standsIn) await forget(place, run.flow, id).catch(() => {})\n    throw error',
    replace: '    throw error',
    test: [
      LIVE,
      'a refused brake leaves no snapshot, and the target as it was; the same run goes on when it is lifted',
    ],
  },
  {
    name: 'snapshot: a source of zero rows is a matter of the limit',
    file: 'src/apply/delete-brake.ts',
    find: '  if (left === 0n) throw emptied(deleted, what)\n',
    replace: '',
    test: [LIVE, 'a source of zero rows needs its own permission, whatever the limit is'],
  },
  {
    name: 'snapshot: rows land before others are deleted',
    file: 'src/run/delete-batches.ts',
    find: 'return [...deletes, ...rows.map((b) => ({ ...b, step: b.step + 1 }))]',
    replace: 'return [...rows.map((b) => ({ ...b, step: b.step + 1 })), ...deletes]',
    test: [LIVE, 'a unique value is free before another row takes it'],
  },
  {
    name: 'forensic: closed versions are judged too',
    file: 'src/dialects/relational/apply.sql.ts',
    find: "AS t ON ${keyEquals(r, t, s)}${andLive(r, 't')}${",
    replace: 'AS t ON ${keyEquals(r, t, s)}${',
    test: [FORENSIC, 'a change closes a version and opens one, a deletion closes one, and what did not change stays'],
  },
  {
    name: 'forensic: closed versions are deleted too',
    file: DELETE,
    find: "ALWAYS)}${andLive(r, 't')}`",
    replace: 'ALWAYS)}`',
    test: [FORENSIC, 'a deletion closes the live version alone, and a key that comes back opens another'],
  },
  {
    name: 'forensic: a closed version counts as there',
    file: 'src/dialects/duckdb/embedded.sql.ts',
    find: "WHERE TRUE${andLive(r, 't')})`",
    replace: 'WHERE TRUE)`',
    test: [FORENSIC, 'a live version deleted by hand comes back as new, though closed ones of its key are there'],
  },
  {
    name: 'forensic: numbers are those of the hot side alone',
    file: 'src/dialects/duckdb/embedded.ts',
    find: "=== 'missing') return least",
    replace: "=== 'missing' || least > 0n) return least",
    test: [FORENSIC, 'a number is never given twice, though the hot side was lost'],
  },
]
