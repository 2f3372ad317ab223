/**
 * One safeguard each: the exact text that makes it (found once in its file), what stands there when it is switched
 * off, and the named test that must fail then. Paths are relative to packages/engine.
 */
import { ARCHIVE } from './archive.mjs'
import { COLUMNS } from './columns.mjs'
import { EXACT } from './exact.mjs'
import { FILES } from './files.mjs'
import { POSTGRES } from './postgres.mjs'
import { STEPS } from './steps.mjs'
import { REFERENCES } from './references.mjs'
import { REJECTS } from './rejects.mjs'
import { SNAPSHOT } from './snapshot.mjs'
import { WORKERS } from './workers.mjs'

const CAPTURE = 'src/capture/watermark.ts'
const TREE = 'src/capture/close-tree.ts'
const SOURCE = 'src/dialects/duckdb/source.ts'
const BENCH = 'src/dialects/duckdb/bench.ts'
const TRANSACTION = 'src/dialects/duckdb/transaction.ts'
const FENCE = 'src/dialects/duckdb/fence.sql.ts'
const APPLY = 'src/dialects/relational/apply.sql.ts'
const PLAN = 'src/plan/make-plan.ts'
const PLAN_RELATION = 'src/plan/relation.ts'
const SETTLE = 'src/control/ledger/settle.ts'
const SQLITE = 'src/control/sql/sqlite'

const SEMANTICS = 'test/semantics'
const TARGET = 'test/contract/duckdb-target.test.ts'
const STORE = 'test/contract/sqlite-control-store.test.ts'

export const MUTANTS = [
  // ── which rows a run reads ──
  {
    name: 'buffer: the next window begins at the watermark',
    file: SOURCE,
    find: ' - ${back} - to_microseconds(1) AS ${type})`',
    replace: ' AS ${type})`',
    test: [`${SEMANTICS}/window.test.ts`, 'the next window overlaps by the buffer'],
  },
  {
    name: 'buffer: upTo is the clock itself',
    file: SOURCE,
    find: 'sql`(${at(moment.clock)} - ${back})`',
    replace: 'at(moment.clock)',
    test: [
      `${SEMANTICS}/window.test.ts`,
      'a younger row waits, is counted as waiting until it is old enough, and arrives later',
    ],
  },
  {
    name: 'ceiling: open transactions are not asked for',
    file: SOURCE,
    find: 'sql`least(${young}, coalesce(${ceiling}, ${young}))`',
    replace: 'young',
    test: [
      `${SEMANTICS}/late-commit.test.ts`,
      'the ceiling holds for a transaction that wrote before the run and commits after it, without any buffer',
    ],
  },
  {
    name: 'ceiling: a number is read to its greatest, whoever is open',
    file: SOURCE,
    find: '    if (oldest) return { clock: null, ceiling: { at: oldest.since, heldBy: oldest.backend }, look: null }\n',
    replace: '',
    test: [
      `${SEMANTICS}/number-position.test.ts`,
      'a number as position: an open transaction holds back the look, so a smaller number that commits later arrives',
    ],
  },
  {
    name: 'order: the ceiling is read before the clock',
    file: SOURCE,
    find: '    const clock = await this.#clock(position)\n    await this.#between()\n    const oldest = oldestOpen()\n',
    replace:
      '    const oldest = oldestOpen()\n    await this.#between()\n    const clock = await this.#clock(position)\n',
    test: [
      `${SEMANTICS}/late-commit.test.ts`,
      'a transaction that begins between clock and ceiling loses no row: the clock is read first',
    ],
  },
  {
    name: 'ceiling: an open batch of a flow beside does not hold back',
    file: 'src/drivers/duckdb.ts',
    find: ' || also(session))',
    replace: ')',
    test: [
      'test/workers/side-by-side.test.ts',
      'rows that a batch of another flow stamps, and commits late, are not lost to a flow that reads them by time',
    ],
  },
  {
    name: 'clock: one that went back is not noticed',
    file: CAPTURE,
    find: 'if (bounds.clockBelowWatermark)',
    replace: 'if (false)',
    test: [`${SEMANTICS}/window.test.ts`, 'a clock below the watermark is an error, not nothing to do'],
  },
  {
    name: 'nulls: fail lets rows without a position pass unseen',
    file: CAPTURE,
    find: "if (q.options.nulls === 'fail' && tally.nullPositions > 0n)",
    replace: 'if (false)',
    test: [`${SEMANTICS}/nulls.test.ts`, 'nulls: fail refuses rows without a position, with their count'],
  },
  {
    name: 'keys: duplicates are delivered',
    file: 'src/capture/capture-rows.ts',
    find: 'if (check.duplicates.length > 0) {',
    replace: 'if (false) {',
    test: [
      `${SEMANTICS}/bad-input.test.ts`,
      'a duplicate key in the source fails the run with an example; nothing is written',
    ],
  },
  {
    name: 'unmatched: nobody remembers metadata that came first',
    file: SETTLE,
    find: '  if (unmatched.open.length > 0) await tx.all(',
    replace: '  if (false) await tx.all(',
    test: [
      `${SEMANTICS}/unmatched.test.ts`,
      'a metadata row that is there before its main row is remembered, and delivered when the main row appears though the window has passed',
    ],
  },

  // ── trees ──
  {
    name: 'ancestors: the step is left out',
    file: TREE,
    find: 'do await work.climb()',
    replace: 'do await Promise.resolve()',
    test: [
      `${SEMANTICS}/tree-ancestors.test.ts`,
      'missing ancestors over four levels arrive before the row that needs them: outside the window, without position, without metadata',
    ],
  },
  {
    name: 'subtree: a moved folder moves alone',
    file: TREE,
    find: '(await work.descend()) > 0n',
    replace: '(await Promise.resolve(0n)) > 0n',
    test: [
      `${SEMANTICS}/tree-moves.test.ts`,
      'a moved folder takes three levels along though only the folder was touched, and their positions stay',
    ],
  },
  {
    name: 'orphans: fail does not',
    file: TREE,
    find: "orphans.filter((o) => policyOf(o.reason) === 'fail')",
    replace: '[]',
    test: [
      `${SEMANTICS}/tree-orphans.test.ts`,
      'orphans fail the run by default when their parent is gone, and nothing is written',
    ],
  },

  // ── who may write, and what is in already ──
  {
    name: 'fence: a batch does not look who owns the flow',
    file: TRANSACTION,
    find: 'if (taken !== 1n)',
    replace: 'if (false)',
    test: [TARGET, 'the newest token may write, an older one is refused before it touches a row'],
  },
  {
    name: 'fence: a settle in the target does not look who owns the flow',
    file: 'src/dialects/duckdb/target.ts',
    find: 'if ((await this.#exec(fence.enter(this.#catalogs.target, key, 0))) !== 1n)',
    replace: 'if ((await this.#exec(fence.enter(this.#catalogs.target, key, 0))) === 99n)',
    test: [TARGET, 'a worker that lost the flow cannot settle in the target'],
  },
  {
    name: 'fence: a raise does not conflict with an open batch',
    file: FENCE,
    find: 'AS BIGINT), uses = uses + 1\n',
    replace: 'AS BIGINT)\n',
    test: [TARGET, 'a raise waits for the batch that is open, and then knows that it is in'],
  },
  {
    name: 'fence: a raise reaches one slot only',
    file: FENCE,
    find: 'AND token < CAST(${param(k.token)} AS BIGINT)`',
    replace: 'AND token < CAST(${param(k.token)} AS BIGINT) AND slot = 0`',
    test: [TARGET, 'the newest token may write, an older one is refused before it touches a row'],
  },
  ...REFERENCES,
  ...REJECTS,
  ...SNAPSHOT,
  ...ARCHIVE,
  {
    name: 'marker: none is written',
    file: TRANSACTION,
    find: '    else await this.#mark()\n',
    replace: '',
    test: [TARGET, 'a batch that is in is known when it is begun again, with its counts'],
  },
  {
    name: 'marker: nobody looks for one',
    file: TRANSACTION,
    find: 'if (marker) this.alreadyIn = markerCounts(marker)\n    else await',
    replace: 'if (marker) this.alreadyIn = null\n    else await',
    test: [TARGET, 'two workers on one batch commit it once'],
  },
  {
    name: 'lease: a flow that is held is taken',
    file: `${SQLITE}/lease.sql.ts`,
    find: 'where lease.worker is null or',
    replace: 'where true or',
    test: [STORE, 'two workers never hold one flow'],
  },
  {
    name: 'token: it does not grow',
    file: `${SQLITE}/lease.sql.ts`,
    find: 'set token = lease.token + 1,',
    replace: 'set token = lease.token,',
    test: [STORE, 'a released flow is free, and its next token is greater'],
  },
  {
    name: 'token: the ledger does not compare it',
    file: `${SQLITE}/run.sql.ts`,
    find: 'l.flow = r.flow and l.token = ?2 and',
    replace: 'l.flow = r.flow and ?2 is not null and',
    test: [STORE, 'a stale token can write nothing'],
  },
  {
    name: 'token: the statements of a batch do not compare it',
    file: `${SQLITE}/sql-parts.ts`,
    find: 'l.flow = r.flow and l.token = ?${n} and',
    replace: 'l.flow = r.flow and ?${n} is not null and',
    test: [STORE, 'a stale token can write nothing'],
  },
  {
    name: 'disk: nothing waits for it',
    file: `${SQLITE}/sqlite-session.ts`,
    find: "synced: 'pragma synchronous = full'",
    replace: "synced: 'pragma synchronous = normal'",
    test: [
      'test/contract/sqlite-durability.test.ts',
      'leases, plans, settling and what a person changes wait for the disk; claim and end of a batch do not',
    ],
  },
  {
    name: 'disk: one that fails takes those that share its commit along',
    file: `${SQLITE}/sqlite-session.ts`,
    find: "      this.#db.all('rollback to member', [])\n",
    replace: '',
    test: [
      'test/contract/sqlite-durability.test.ts',
      'transactions that wait for the disk at the same time share one commit, and one that fails is undone alone',
    ],
  },
  {
    name: 'rejects: dismissed whatever became of them',
    file: `${SQLITE}/remembered.sql.ts`,
    find: "where flow = ?1 and state = 'open' and id in",
    replace: 'where flow = ?1 and id in',
    test: [STORE, 'a reject that is not open any more is not dismissed, and none of those beside it'],
  },
  {
    name: 'rejects: a run closes what its own batch rejected',
    file: `${SQLITE}/remembered.sql.ts`,
    find: "and state = 'open' and run <> ?2 and",
    replace: "and state = 'open' and",
    test: [STORE, 'a key that is rejected again is open once, with the newest run and how often'],
  },
  {
    name: 'rejects: a retry reads all that a backfill would',
    file: 'src/dialects/relational/selection.sql.ts',
    find: 's.onlyAgain !== true && ',
    replace: '',
    test: [
      `${SEMANTICS}/retry-rejects.test.ts`,
      'a retry of a backfill reads its keys alone, not every row that is missing',
    ],
  },
  {
    name: 'rejects: rows looked at again are read by ranges, and taken for gone',
    file: 'src/capture/capture-rows.ts',
    find: ' && r.selection.again.length === 0',
    replace: '',
    test: [`${SEMANTICS}/retry-rejects.test.ts`, 'retry does not overwrite a newer version'],
  },
  {
    name: 'prune: a run that an open reject names goes',
    file: `${SQLITE}/prune.sql.ts`,
    find: "r.id in (select run from reject where state = 'open')",
    replace: 'false',
    test: [STORE, 'pruning deletes old runs with their batches, and what the present refers to stays'],
  },
  {
    name: 'token: an expired lease may settle',
    file: SETTLE,
    find: 'if (!run.live) {',
    replace: 'if (false) {',
    test: [STORE, 'settle needs a lease that has not expired, though nobody took it'],
  },

  // ── the watermark is earned ──
  {
    name: 'settle: the watermark is set whatever it is by now',
    file: `${SQLITE}/watermark.sql.ts`,
    find: 'scope = ?2 and version = ?3 returning',
    replace: 'scope = ?2 and ?3 is not null returning',
    test: [STORE, 'settle refuses a watermark that moved, and writes nothing'],
  },
  {
    name: 'settle: open batches do not matter',
    file: SETTLE,
    find: '    await finishSteps(tx, sql, id)\n',
    replace: '',
    test: [STORE, 'settle refuses unfinished batches and leaves everything'],
  },
  {
    name: 'scope: a scoped run moves the watermark of all',
    file: SETTLE,
    find: 'await setWatermark(tx, sql, { flow, scope, position',
    replace: "await setWatermark(tx, sql, { flow, scope: '{}', position",
    test: [`${SEMANTICS}/scope.test.ts`, 'a scoped run delivers its scope and moves only its own watermark'],
  },
  {
    name: 'coverage: a flow that covers other rows goes on',
    file: PLAN,
    find: 'if (changes.length > 0)',
    replace: 'if (false)',
    test: [`${SEMANTICS}/coverage.test.ts`, 'a widened where stops plan and run with the choice'],
  },
  {
    name: 'identity: another source goes on under the old watermark',
    file: PLAN,
    find: 'if (why !== null)',
    replace: 'if (false)',
    test: [`${SEMANTICS}/source-identity.test.ts`, 'a source replaced by another file stops plan and run'],
  },
  {
    name: 'trust: nobody asks whether the target is what it was',
    file: PLAN,
    find: '  if (!options.full) checkTarget(d, scope, facts)\n',
    replace: '',
    test: [
      `${SEMANTICS}/target-trust.test.ts`,
      'the target table emptied: the run stops, says emptied: expected, and --full repairs it',
    ],
  },
  {
    name: 'resume: what was left unfinished is passed over',
    file: 'src/run/run-flow.ts',
    find: 'else if (unfinished) {',
    replace: 'else if (false) {',
    test: [
      `${SEMANTICS}/resume-flat.test.ts`,
      'run after a failure resumes it first, then runs the new window; both are in the answer',
    ],
  },

  // ── how rows land ──
  {
    name: 'replace: the brake does not hold',
    file: 'src/apply/delete-brake.ts',
    find: 'if (deleted === 0n || deleted <= allowed(of, limit)) return',
    replace: 'if (deleted >= 0n || deleted <= allowed(of, limit)) return',
    test: [
      `${SEMANTICS}/replace.test.ts`,
      'max_delete stops a replacement that would take away more, as a share or as a count, and deletes nothing',
    ],
  },
  {
    name: 'replace: batches land in the target itself',
    file: PLAN_RELATION,
    find: "beside: d.apply.kind === 'replace' ? besideName(d.target.table) : null",
    replace: "beside: d.apply.kind === 'live' ? besideName(d.target.table) : null",
    test: [`${SEMANTICS}/replace.test.ts`, 'until the swap the target is as it was, and after it as the source is'],
  },
  {
    name: 'replace: a resume swaps again',
    file: 'src/run/settle.ts',
    find: '  if (done !== null) return done\n',
    replace: '',
    test: [
      `${SEMANTICS}/replace.test.ts`,
      'a replacement that is cut between swap and settle is not repeated by its resume',
    ],
  },
  {
    name: 'ranges: nobody looks whether the source stood still',
    file: BENCH,
    find: '    if ((await this.#readAt(relation)) !== split.readAt)\n',
    replace: '    if (split.readAt === null)\n',
    test: [
      `${SEMANTICS}/ranges.test.ts`,
      'rows whose numbers move down while the run reads are not lost, though each range has as many rows as before',
    ],
  },
  {
    name: 'ranges: a first load believes that it is alone in the target',
    file: BENCH,
    find: "    return row?.[0] === 'true'\n",
    replace: '    return row !== undefined\n',
    test: [
      `${SEMANTICS}/ranges.test.ts`,
      'a row that another writer puts into the empty target during the first load is not delivered twice',
    ],
  },
  {
    name: 'newest wins: an older row overwrites a newer one',
    file: APPLY,
    find: "\\n  WHEN s.${stagedPosition(r)} < ${held}${unsure} THEN 'older'",
    replace: '',
    test: [`${SEMANTICS}/newest-wins.test.ts`, 'an older position is skipped_older, and the newer row stays'],
  },
  {
    name: 'newest wins: a newer row is judged by content alone',
    file: APPLY,
    find: "\\n  WHEN s.${stagedPosition(r)} > ${held}${unsure} THEN 'update'",
    replace: '',
    test: [
      `${SEMANTICS}/side-table.test.ts`,
      'with a side table an older delivery never overwrites a newer one, over several runs',
    ],
  },
  {
    name: 'equal position: other content is taken for the same',
    file: APPLY,
    find: "THEN 'same' ELSE 'update' END",
    replace: "THEN 'same' ELSE 'same' END",
    test: [
      `${SEMANTICS}/newest-wins.test.ts`,
      'equal position with other content is taken: a coarse clock ticks once for two updates',
    ],
  },
  {
    name: 'dry run: the target is opened for writing',
    file: 'src/dialects/duckdb/target-end.ts',
    find: "options.mode === 'write' || existsSync(path) ? opening.use(await openFile(path, options.mode, options))",
    replace: "path !== '' ? opening.use(await openFile(path, 'write', options))",
    test: [`${SEMANTICS}/dry-run.test.ts`, 'a dry run makes no target that does not exist yet'],
  },
  {
    name: 'dry run: the captured keys are kept',
    file: BENCH,
    find: 'const path = options.workPath ?? IN_MEMORY',
    replace: 'const path = options.workPath ?? `${String(options.target.options.path)}.work`',
    test: [`${SEMANTICS}/dry-run.test.ts`, 'a dry run of a view, whose keys have to be captured, keeps none of them'],
  },
  {
    name: 'deploy: a connection is overwritten whatever it is by now',
    file: `${SQLITE}/catalog.sql.ts`,
    find: 'where id = ?1 and kind = ?6 and options = ?7 and deployed is ?8',
    replace: 'where id = ?1 and ?6 = ?6 and ?7 = ?7 and ?8 is ?8',
    test: [STORE, 'deploy refuses a connection or module that changed since it was read, and writes nothing'],
  },
  {
    name: 'prepare: a run creates what is there',
    file: 'src/dialects/duckdb/target.ts',
    find: 'FENCE_TABLES.filter((name) => !there.has(name))',
    replace: 'FENCE_TABLES.filter((name) => name.length > 0 || there.has(name))',
    test: [
      'test/contract/duckdb-prepare.test.ts',
      'a run creates only what is missing: in a prepared target with its table it sends no CREATE at all',
    ],
  },
  ...COLUMNS,
  ...EXACT,
  ...FILES,
  ...POSTGRES,
  ...STEPS,
  ...WORKERS,
]
