/** Safeguards of several workers on one run. */
const JOIN = 'test/workers/join.test.ts'
const SQLITE = 'src/control/sql/sqlite'
const STORE = 'test/contract/sqlite-control-store.test.ts'
const GOOD = 'a claim is good while its worker attends, and is taken over with the next attempt when its time is up'

export const WORKERS = [
  {
    name: 'claim: never free again, though the time of its worker is up',
    file: `${SQLITE}/batch.sql.ts`,
    find: 'and w.expires_at > ${NOW}',
    replace: "and w.expires_at > ''",
    test: [STORE, GOOD],
  },
  {
    name: 'claim: taken from a worker that attends',
    file: `${SQLITE}/batch.sql.ts`,
    find: "or b.state = 'running' and w.worker is null)",
    replace: "or b.state = 'running')",
    test: [STORE, GOOD],
  },
  {
    name: 'claim: under any token',
    file: `${SQLITE}/batch.sql.ts`,
    find: "and ${heldUnder('?1', 4)}${inStep",
    replace: 'and ?4 = ?4${inStep',
    test: [STORE, 'what was claimed under an older token is free under the next, and nothing under the older one'],
  },
  {
    name: 'joiner: goes on when the token of its run is another',
    file: `${SQLITE}/worker.sql.ts`,
    find: "and expires_at > ${NOW} and ${heldUnder('?1', 2)}",
    replace: 'and expires_at > ${NOW}',
    test: [STORE, 'what was claimed under an older token is free under the next, and nothing under the older one'],
  },
  {
    name: 'claim: a worker whose claim was taken over fails the batch of the other',
    file: 'src/control/ledger/batches.ts',
    find: 'if (worker !== undefined && worker !== has) return false',
    replace: '',
    test: [STORE, 'a worker whose claim was taken over cannot fail the batch of the other'],
  },
  {
    name: 'wave: the next one begins while others have batches of this one',
    file: 'src/run/run-steps.ts',
    find: 'if (underWay.size === 0) free.tellWaiting()',
    replace: 'if (underWay.size === 0) free.tellWaiting()\nif (underWay.size === 0) break',
    test: [JOIN, 'in a tree no worker begins a wave before all batches of the one before are in, whoever has them'],
  },
  {
    name: 'resume: a capture whose snapshot is over is taken as it stands',
    file: 'src/run/execute-run.ts',
    find: 'if (stored !== null && !anew) {',
    replace: 'if (stored !== null) {',
    test: [
      'test/live/spool.test.ts',
      'a run goes on where nothing was written in the source since, though the snapshot that its batches were cut under is over',
    ],
  },
  {
    name: 'joiner: one that sleeps is not locked out before the run settles',
    file: 'src/run/execute-run.ts',
    find: 'if (await isAsleep()) await lockOut()',
    replace: '',
    test: [JOIN, 'a worker that sleeps past the end of its run delivers nothing when it wakes up'],
  },
]
