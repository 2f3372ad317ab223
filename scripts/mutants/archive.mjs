/** Safeguards of archives; the form is that of `table.mjs`. */
const FOLDER = 'test/contract/folder-archive.test.ts'
const ARCHIVES = 'test/e2e/archives.test.ts'
const BACK = 'test/e2e/archive-brought-back.test.ts'
const RETENTION = 'test/e2e/archive-retention.test.ts'
const CLEANUP = 'src/app/snapshot/cleanup.ts'
const VALIDATE = 'src/app/snapshot/validate.ts'

const DOWN =
  'an archive that is down leaves the run succeeded and says so; its image stays until the next run writes it'
const NAMES = 'validate names what is wrong: cut short, a flipped byte, a wrong count, another schema, gone'
const CLEANS =
  'cleanup deletes exactly what its dry run lists, and keeps the newest, what is held, and what is promised for longer'
const ROWS = 'validate --full hashes every row again, and finds the one whose hash is another'

export const ARCHIVE = [
  {
    name: 'archive: what a run leaves undone is not said',
    file: 'src/run/execute-run.ts',
    find: 'for (const error of undone) remark(deps, id, plan, error)',
    replace: '',
    test: [ARCHIVES, DOWN],
  },
  {
    name: 'archive: an image goes before it is archived',
    file: 'src/snapshot/hot-side.ts',
    find: "states.get(id) === 'pending'",
    replace: "states.get(id) === 'lost'",
    test: [ARCHIVES, DOWN],
  },
  {
    name: 'archive: bytes lie in their place before they are whole',
    file: 'src/dialects/archive/folder-store.ts',
    find: 'const part = `${path}.${randomUUID()}.part`',
    replace: 'const part = path',
    test: [FOLDER, 'an archive that is not that of its manifest is refused, and nothing is found'],
  },
  {
    name: 'archive: what is sent is not compared with its manifest',
    file: 'src/dialects/archive/pieces.ts',
    find: 'if (sha256 === manifest.sha256 && bytes === BigInt(manifest.bytes)) return',
    replace: 'if (sha256 !== "" || bytes === BigInt(manifest.bytes)) return',
    test: [FOLDER, 'an archive that is not that of its manifest is refused, and nothing is found'],
  },
  {
    name: 'archive: what another project wrote is written over',
    file: 'src/snapshot/archive-pending.ts',
    find: 'if (there !== null && (there.run !== row.run || there.taken_at !== row.takenAt))',
    replace: 'if (there !== null && there.run === "")',
    test: [ARCHIVES, 'another project that uses the same folder is not written over'],
  },
  {
    name: 'archive: a flipped byte is not seen',
    file: VALIDATE,
    find: 'if (copy.sha256 !== manifest.sha256) {',
    replace: 'if (copy.bytes !== size) {',
    test: [ARCHIVES, NAMES],
  },
  {
    name: 'archive: rows are not counted again',
    file: VALIDATE,
    find: 'if (rows !== BigInt(manifest.rows)) say(',
    replace: 'if (rows < 0n) say(',
    test: [ARCHIVES, NAMES],
  },
  {
    name: 'archive: a file that is gone is not missed',
    file: VALIDATE,
    find: "if (size === null) say('gone',",
    replace: "if (size === 0n) say('gone',",
    test: [ARCHIVES, NAMES],
  },
  {
    name: 'archive: row hashes are not compared one by one',
    file: VALIDATE,
    find: 'if (others !== null && others.count > 0n)',
    replace: 'if (others !== null && others.count < 0n)',
    test: [ARCHIVES, ROWS],
  },
  {
    name: 'archive: row hashes are not compared with what was counted',
    file: VALIDATE,
    find: 'if (digest !== manifest.row_digest) say(',
    replace: "if (digest === '') say(",
    test: [ARCHIVES, ROWS],
  },
  {
    name: 'archive: a damaged one is restored',
    file: 'src/app/snapshot/local-copy.ts',
    find: '    expectSound(manifest, copy, store.location)\n',
    replace: '',
    test: [ARCHIVES, 'an archive that is damaged is not restored'],
  },
  {
    name: 'archive: what is damaged is brought back',
    file: 'src/snapshot/bring-back.ts',
    find: 'expectSound(manifest, await copyOut(store, manifest, part), store.location)',
    replace: 'await copyOut(store, manifest, part)',
    test: [BACK, 'nothing is brought back from an archive that is damaged'],
  },
  {
    name: 'archive: an image that is gone is not looked for there',
    file: 'src/snapshot/extract.ts',
    find: 'if (isHere || (archives !== null && (await bringBackImage(',
    replace: 'if (isHere || (archives === null && (await bringBackImage(',
    test: [
      BACK,
      'after another version of DuckDB, where values are compared, an image that is gone is brought back from the archive',
    ],
  },
  {
    name: 'archive: a missing secret is found out after the run',
    file: 'src/snapshot/mode.ts',
    find: 'if (q.options.archive !== null)',
    replace: 'if (q.options.archive === undefined)',
    test: [BACK, 'an archive that nobody names, or whose secret is not there, is refused before anything is written'],
  },
  {
    name: 'archive: cleanup takes what is held',
    file: CLEANUP,
    find: "if ((tags[HOLD] ?? 'false') !== 'false') return 'held'",
    replace: "if ((tags[HOLD] ?? 'false') === '') return 'held'",
    test: [RETENTION, CLEANS],
  },
  {
    name: 'archive: cleanup takes the newest',
    file: CLEANUP,
    find: "return later || state === 'lost' ? null : 'newest'",
    replace: "return later || state === 'lost' ? null : null",
    test: [RETENTION, CLEANS],
  },
  {
    name: 'archive: cleanup takes what is promised for longer',
    file: CLEANUP,
    find: "if (promised) return 'retention'",
    replace: "if (promised && keepDays === -1) return 'retention'",
    test: [RETENTION, CLEANS],
  },
  {
    name: 'archive: a dry run of cleanup deletes',
    file: CLEANUP,
    find: 'if (options.dryRun) return {',
    replace: 'if (options.dryRun && gone.length === 0) return {',
    test: [RETENTION, CLEANS],
  },
  {
    name: 'archive: what a snapshot that is given up should have been stays pending',
    file: 'src/snapshot/hot-side.ts',
    find: '[...removeSnapshots(this.catalog, ids), removePending(this.catalog, ids)]',
    replace: '[...removeSnapshots(this.catalog, ids)]',
    test: [ARCHIVES, 'a snapshot that is given up leaves no archive pending'],
  },
]
