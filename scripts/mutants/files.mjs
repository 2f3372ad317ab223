/** Safeguards of files and of the spool lane. */
const SEMANTICS = 'test/semantics'

export const FILES = [
  {
    name: 'files: nobody looks whether the files stood still',
    file: 'src/dialects/files/files-end.ts',
    find: "if (what !== null) throw new AppError('TM2010', what)",
    replace: "if (what === '') throw new AppError('TM2010', what)",
    test: [
      `${SEMANTICS}/files-parquet.test.ts`,
      'a run whose files were replaced is resumed over the new ones: no row twice, none lost',
    ],
  },
  {
    name: 'files: a quoted empty text is NULL',
    file: 'src/dialects/files/read-files.sql.ts',
    find: 'allow_quoted_nulls = FALSE',
    replace: 'allow_quoted_nulls = TRUE',
    test: [`${SEMANTICS}/files-csv.test.ts`, "'' and NULL stay apart through CSV and Parquet"],
  },
  {
    name: 'files: a text is cast as far as it goes',
    file: 'src/dialects/files/csv-value.sql.ts',
    find: 'WHEN ${isValue(type, text, o)} THEN',
    replace: 'WHEN TRUE THEN',
    test: [`${SEMANTICS}/files-csv.test.ts`, 'a digit that the scale would round fails the run, and nothing lands'],
  },
  {
    name: 'files: the marker of a file that lies beside is not asked for',
    file: 'src/dialects/files/folder-target.ts',
    find: '      if (found) renameSync(',
    replace: "      if (run === '') renameSync(",
    test: [
      `${SEMANTICS}/folder-target.test.ts`,
      'after a crash a file that lies beside is moved in where its marker is in, and removed where it is not',
    ],
  },
  {
    name: 'files: a committed swap is not brought in by whoever opens the folder next',
    file: 'src/dialects/files/folder-target.ts',
    find: "  if (options.mode === 'write' && file !== null) {",
    replace: "  if (options.mode === 'read' && file !== null) {",
    test: [
      `${SEMANTICS}/folder-replace.test.ts`,
      'a committed swap whose files cannot be moved says so, and whoever opens the folder next moves them',
    ],
  },
  {
    name: 'files: a replaced folder takes along what was not replaced',
    file: 'src/dialects/files/folder-swap.ts',
    find: 'if (!gone.has(name)) renameSync(',
    replace: "if (name === '') renameSync(",
    test: [`${SEMANTICS}/folder-replace.test.ts`, 'what else lies in a folder that is replaced stays there'],
  },
  {
    name: 'spool: one that is there is taken out again',
    file: 'src/lane/spool.ts',
    find: '  if (there !== null) return there\n',
    replace: '',
    test: [
      `${SEMANTICS}/spool-lane.test.ts`,
      'a resumed run goes on from its spool though the source is another, and extracts again where the spool is gone',
    ],
  },
]
