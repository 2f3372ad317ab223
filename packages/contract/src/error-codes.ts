/**
 * Every error Tidemark raises on purpose. Codes are permanent: never renumbered, never reused.
 * 1xxx definitions and usage · 2xxx connections and files · 3xxx ledger, leases, control store · 4xxx plan and
 * capture · 5xxx apply and target · 9xxx unexpected.
 * Exit code, HTTP status, retry class, `docs/errors.md` and `tidemark explain` all come from this table.
 */
export interface ErrorEntry {
  readonly title: string
  /** What it means and why Tidemark stops, for `explain`. */
  readonly meaning: string
  /** What to do, one step a line. */
  readonly remedy: readonly string[]
  /** never: a person must act · again: the same command may succeed · resume: `resume` continues where it stopped */
  readonly retry: 'never' | 'again' | 'resume'
  readonly exit: 1 | 2 | 3
  /** it is about rows that can be kept out, so that the others land: a policy may quarantine them */
  readonly aboutRows?: true
  readonly http: 400 | 404 | 409 | 422 | 500 | 503
}

const definition = { retry: 'never', exit: 2, http: 400 } as const
const failed = { retry: 'resume', exit: 1, http: 500 } as const
const held = { retry: 'again', exit: 3, http: 409 } as const

export const ERRORS = {
  // ── 1xxx definitions and usage
  TM1001: {
    title: 'no project here',
    meaning: 'No tidemark.yaml was found in this directory or above it.',
    remedy: ['tidemark init DIR   creates a project that runs as it stands', 'or name one: --project DIR'],
    ...definition,
  },
  TM1002: {
    title: 'usage',
    meaning: 'The command line could not be understood.',
    remedy: ['tidemark COMMAND --help   shows the options'],
    ...definition,
  },
  TM1003: {
    title: 'unknown flow',
    meaning: 'No active flow of that name is in the control tables.',
    remedy: ['tidemark status   lists the flows', 'tidemark deploy   takes new ones from the YAML'],
    ...definition,
  },
  TM1004: {
    title: 'unknown run',
    meaning: 'The ledger has no run of that id.',
    remedy: ['tidemark runs   lists them'],
    ...definition,
  },
  TM1010: {
    title: 'YAML cannot be read',
    meaning: 'The file is not valid YAML.',
    remedy: ['mend the line shown'],
    ...definition,
  },
  TM1011: {
    title: 'definition is invalid',
    meaning: 'A value has the wrong form, or a required one is missing.',
    remedy: ['mend the place shown; docs/control-tables.md shows the grammar by example'],
    ...definition,
  },
  TM1012: {
    title: 'unknown key',
    meaning: 'Unknown keys are refused, so that a misspelt safety setting is never silently ignored.',
    remedy: ['mend the key shown'],
    ...definition,
  },
  TM1013: {
    title: 'reference to nothing',
    meaning: 'A name refers to a connection, join or column that is not defined.',
    remedy: ['define it, or mend the name'],
    ...definition,
  },
  TM1014: {
    title: 'defined twice',
    meaning: 'Two definitions have the same id, or ids that differ only in case or in - and _.',
    remedy: ['rename one of them'],
    ...definition,
  },
  TM1015: {
    title: 'literal secret',
    meaning: 'A password or key stands in a file in clear. Secrets are referenced, never written.',
    remedy: ['put it into the environment or .env and write env:NAME, or ${env:NAME} inside a value'],
    ...definition,
  },
  TM1016: {
    title: 'secret not found',
    meaning: 'A referenced environment variable or file does not exist.',
    remedy: ['set it, or mend the reference'],
    ...definition,
  },
  TM1017: {
    title: 'not in this version',
    meaning: 'The definition asks for something that this version of Tidemark does not have yet.',
    remedy: ['take it out, or use a version that has it'],
    ...definition,
  },
  TM1018: {
    title: 'the YAML is not deployed',
    meaning: 'The YAML differs from the control tables, which are the truth, and nobody said which to take.',
    remedy: ['tidemark deploy   shows the difference and takes it', 'or add --deploy to this command'],
    ...definition,
  },
  TM1019: {
    title: 'impossible combination',
    meaning: 'Two settings exclude each other.',
    remedy: ['change one of them'],
    ...definition,
  },
  TM1020: {
    title: 'not confirmed',
    meaning: 'The command changes things and was neither confirmed on a terminal nor given --yes.',
    remedy: ['look at the preview, then repeat with --yes'],
    ...definition,
  },
  TM1021: {
    title: 'target folder is not empty',
    meaning: 'init writes only into a new or empty folder.',
    remedy: ['choose another folder'],
    ...definition,
  },
  TM1028: {
    title: 'step template is wrong',
    meaning:
      'The SQL of a step is one SELECT. Values come into it as parameters (:after), tables as tokens ({source}); what else it holds is the SQL of that database.',
    remedy: ['mend the place shown; docs/control-tables.md shows the parameters and tokens by example'],
    ...definition,
  },
  TM1029: {
    title: 'path leaves the folder',
    meaning: 'A table of a connection to files is a path below its folder, and what a run writes has one place.',
    remedy: ['write the path relative to the folder of the connection, without ..'],
    ...definition,
  },
  TM1030: {
    title: 'column cannot be masked',
    meaning:
      'The clear value of this column is needed: rows are found, ordered or narrowed by it, and it is kept in the ledger. A mask would only seem to hide it.',
    remedy: [
      'take the mask out, or use another column there',
      'a column of the key can be masked with hash: { hash: env:NAME }',
    ],
    ...definition,
  },
  // ── 2xxx connections and files
  TM2001: {
    title: 'cannot open',
    meaning: 'The database file does not exist or cannot be read.',
    remedy: ['mend the path of the connection: tidemark connections shows it'],
    ...definition,
  },
  TM2002: {
    title: 'file held by another process',
    meaning: 'A DuckDB file belongs to one process at a time, and another one has it open.',
    remedy: ['wait for it: --wait 5m', 'or end the process named above'],
    ...held,
  },
  TM2003: {
    title: 'not a database',
    meaning: 'The file is damaged, or is no DuckDB file.',
    remedy: ['restore it from a backup; the ledger then says what to load again'],
    ...definition,
  },
  TM2004: {
    title: 'no room left',
    meaning: 'The disk is full, or the limits of engine.memory and engine.temp are reached.',
    remedy: ['free room, then: tidemark resume --last'],
    ...failed,
  },
  TM2005: {
    title: 'connection lost',
    meaning: 'The database went away in the middle. The batch in flight was rolled back.',
    remedy: ['tidemark resume --last'],
    ...failed,
  },
  // ── 3xxx control store, ledger, leases
  TM3001: {
    title: 'flow is held by another',
    meaning: 'A lease lets one worker run a flow at a time. It is free when the holder ends, or when it expires.',
    remedy: ['wait for it: --wait 5m'],
    ...held,
  },
  TM3002: {
    title: 'lease lost',
    meaning:
      'This worker did not renew its lease in time and another may have taken the flow. Its batch was rolled back.',
    remedy: ['tidemark status   shows who runs the flow now'],
    ...failed,
    exit: 3,
  },
  TM3003: {
    title: 'watermark is not the one that was planned from',
    meaning:
      'Another run or a rewind moved the watermark meanwhile. The rows are in the target; the watermark was left.',
    remedy: ['tidemark run FLOW   plans anew'],
    ...failed,
  },
  TM3004: {
    title: 'control store is newer than this program',
    meaning: 'A newer version of Tidemark migrated the store. An older one would not keep its promises.',
    remedy: ['install that version or a newer one'],
    ...definition,
  },
  TM3005: {
    title: 'control store cannot be opened',
    meaning: 'The file is damaged, is not a control store, or cannot be read or written.',
    remedy: ['mend the path under control: in tidemark.yaml, or restore the file'],
    ...definition,
  },
  TM3006: {
    title: 'run cannot be resumed',
    meaning: 'Only a planned, running, failed or cancelled run can be resumed; it ended, or a rewind superseded it.',
    remedy: ['tidemark run FLOW   starts a new one'],
    ...definition,
  },
  TM3007: {
    title: 'target and ledger disagree',
    meaning:
      'The last settled run that the target remembers is not the one in the ledger: one of them was restored, emptied or replaced.',
    remedy: [
      'tidemark run FLOW --full   reads everything again and repairs it',
      'or tidemark rewind FLOW --to POSITION --reason TEXT   re-delivers from there',
    ],
    ...definition,
  },
  TM3008: {
    title: 'not a position to rewind to',
    meaning: 'The position is no value of the position column, or lies beyond the watermark.',
    remedy: ['tidemark watermarks   shows the present one'],
    ...definition,
  },
  TM3009: {
    title: 'former owner still holds the target',
    meaning: 'The batch of a former owner is still open in the target and could not be ended.',
    remedy: ['end the session named above, then run again'],
    ...held,
  },
  TM3010: {
    title: 'ledger changed underneath',
    meaning: 'A row of the ledger is not in the state this step needs: another worker changed it.',
    remedy: ['tidemark show RUN   shows where it stands'],
    ...failed,
  },
  TM3011: {
    title: 'control store is busy',
    meaning: 'Another process kept the control store locked for too long.',
    remedy: ['try again'],
    ...held,
  },
  TM3012: {
    title: 'run has ended',
    meaning: 'Only a planned or running run can be cancelled, and only an unfinished one has progress to clear.',
    remedy: ['tidemark show RUN   shows how it ended'],
    ...definition,
  },
  // ── 4xxx plan and capture
  TM4001: {
    title: 'source table not found',
    meaning: 'The table does not exist on that connection, or is not visible.',
    remedy: ['mend the name, or grant access'],
    ...definition,
  },
  TM4002: {
    title: 'column not found',
    meaning: 'A column that the flow names does not exist.',
    remedy: ['mend the name; the columns that exist are listed above'],
    ...definition,
  },
  TM4003: {
    title: 'column type cannot serve',
    meaning: 'A position, key, locator or parent has a type that cannot do what is asked of it.',
    remedy: ['choose another column'],
    ...definition,
  },
  TM4004: {
    title: 'NULL in the key',
    meaning: 'A row whose key is NULL has no identity: it could neither be updated nor told from another.',
    remedy: ['mend the rows, exclude them with where, or choose another key'],
    ...failed,
    aboutRows: true,
  },
  TM4005: {
    title: 'key is not unique in the source',
    meaning: 'Two source rows have the same key; which of them would win is chance.',
    remedy: ['mend the rows, or choose a key that is unique'],
    ...failed,
    aboutRows: true,
  },
  TM4006: {
    title: 'rows without a position',
    meaning: 'A row whose position is NULL would never be in a window, so it would be lost silently.',
    remedy: ['mend the rows', 'or capture: { nulls: always } delivers them in every run'],
    ...failed,
  },
  TM4007: {
    title: 'coverage changed',
    meaning: 'The flow now covers other rows or columns than those its watermark was earned for.',
    remedy: [
      'tidemark run FLOW --full   reads everything again',
      'tidemark rewind FLOW --to POSITION --reason TEXT   re-delivers from a position',
      'tidemark run FLOW --accept-change --reason TEXT   goes on from the watermark, and records that you said so',
    ],
    ...definition,
  },
  TM4008: {
    title: 'source is another one',
    meaning: 'The watermark was earned on another database or file, or on a later state of this one.',
    remedy: [
      'tidemark run FLOW --full   reads everything again',
      'tidemark run FLOW --accept-change --reason TEXT   if it holds the same rows',
    ],
    ...definition,
  },
  TM4009: {
    title: 'clock below the watermark',
    meaning: 'The clock of the source lies before the watermark: it jumped back, or the watermark is from the future.',
    remedy: ['mend the clock', 'or tidemark rewind FLOW --to POSITION --reason TEXT'],
    ...definition,
  },
  TM4010: {
    title: 'a copied position is not an order',
    meaning:
      'Another flow fills this table together with its position column. Rows arrive there with old positions, after the watermark has passed them.',
    remedy: ['take a position that is assigned in this table, or capture: backfill'],
    ...definition,
  },
  TM4011: {
    title: 'cycle in the tree',
    meaning: 'A row is its own ancestor, so no order of parents before children exists.',
    remedy: ['mend the parents shown', 'or shape: { orphans: skip } leaves these rows out and counts them'],
    ...failed,
  },
  TM4012: {
    title: 'orphans in the tree',
    meaning: 'Rows whose parent cannot land: it is excluded, gone, or itself below such a row.',
    remedy: [
      'mend the parents',
      'or shape: { orphans: skip } leaves them out and counts them',
      'or shape: { orphans: quarantine } with on_reject: quarantine keeps them as rejects',
    ],
    ...failed,
  },
  TM4013: {
    title: 'unknown scope',
    meaning: 'The flow declares no scope parameter of that name.',
    remedy: ['declare it under scope:, or mend the name'],
    ...definition,
  },
  TM4014: {
    title: 'not a position',
    meaning: 'The text is no value of the position column.',
    remedy: ['write it as the column prints, for example 2026-11-20 21:57:12.44'],
    ...definition,
  },
  TM4015: {
    title: 'value does not fit the column',
    meaning: 'A value in where, scope or exclude_keys cannot be read as the type of its column.',
    remedy: ['mend the value'],
    ...definition,
  },
  TM4016: {
    title: 'lane is not possible',
    meaning: 'The lane asked for needs source and target to be visible to one engine.',
    remedy: ['leave --lane out: the planner picks one that is possible'],
    ...definition,
  },
  TM4017: {
    title: 'locator is not unique',
    meaning: 'Two rows of the tree have the same locator, so a child has two parents.',
    remedy: ['mend the rows, or choose another locator'],
    ...failed,
  },
  TM4018: {
    title: 'row without a locator',
    meaning: 'A row of the tree has no locator, so it has no place and nothing can hang below it.',
    remedy: ['mend the rows shown, or exclude them with where'],
    ...failed,
  },
  TM4019: {
    title: 'source refused a statement',
    meaning: 'The database that holds the source could not answer a question about it, or not read its rows.',
    remedy: ['mend what the message says, then: tidemark resume --last, or run the flow again'],
    ...failed,
  },
  TM4020: {
    title: 'no table matches',
    meaning: 'The connection has no table or view of which the whole name matches the pattern.',
    remedy: ['tidemark discover CONNECTION   lists all of them; * stands for any text'],
    ...definition,
  },
  TM4021: {
    title: 'no flow to write',
    meaning: 'None of the tables can become a flow as it stands: a key is missing, or another flow moves it already.',
    remedy: ['tidemark discover CONNECTION   says why for each; a flow by hand may name a key'],
    ...definition,
  },
  TM4022: {
    title: 'target not clear',
    meaning: 'The flows need one other connection to write to, and there is none, or more than one.',
    remedy: ['name it: --target CONNECTION'],
    ...definition,
  },
  TM4023: {
    title: 'module is defined elsewhere',
    meaning: 'Another file of the project defines a module of that name, and no module may be defined twice.',
    remedy: ['choose another name: --module NAME', 'or write over that file: --write FILE'],
    ...definition,
  },
  TM4107: {
    title: 'column cannot be held exactly',
    meaning: 'The target column would round, cut or refuse values of the source column.',
    remedy: ['change the type of the target column', 'or columns: { exclude: [NAME] }'],
    ...definition,
  },
  TM4108: {
    title: 'table drifted',
    meaning: 'Source and target no longer have the columns that the flow needs.',
    remedy: ['change the target table', 'or columns: { exclude: [NAME] }'],
    ...definition,
  },
  TM4109: {
    title: 'target table is missing',
    meaning: 'The target table does not exist and create: never forbids making it.',
    remedy: ['create it with the DDL above, or target: { create: if_missing }'],
    ...definition,
  },
  // ── 5xxx apply and target
  TM5001: {
    title: 'target refused the batch',
    meaning:
      'The database refused a statement of this batch. The batch was rolled back; nothing of it is in the target.',
    remedy: ['mend what the message says, then: tidemark resume --last'],
    ...failed,
    aboutRows: true,
  },
  TM5002: {
    title: 'fence refused the batch',
    meaning: 'Another worker owns this flow in the target. This batch was rolled back.',
    remedy: ['tidemark status   shows who runs the flow now'],
    ...failed,
    exit: 3,
  },
  TM5003: {
    title: 'target conflict',
    meaning: 'The target was changed by somebody else at the same time, again and again.',
    remedy: ['end the other writer, then: tidemark resume --last'],
    ...failed,
  },
  TM5004: {
    title: 'parent is missing in the target',
    meaning: 'A row would land before its parent: the source or the target changed since the run captured its rows.',
    remedy: ['tidemark resume --last   looks for the parents again'],
    ...failed,
  },
  TM5005: {
    title: 'verification found differences',
    meaning: 'Source and target differ after a run that should have made them equal.',
    remedy: ['tidemark run FLOW --full   reads everything again'],
    ...failed,
  },
  TM5006: {
    title: 'source changed while it was read',
    meaning:
      'Rows were to be read by their place in the source, and the source is no longer the one they were counted in.',
    remedy: ['tidemark resume --last   captures what is left again and goes on'],
    ...failed,
    retry: 'again',
  },
  TM5007: {
    title: 'too many rows would be deleted',
    meaning: 'The run would take more rows out of the target than its flow allows. Nothing was deleted.',
    remedy: [
      'look at the source: is it whole?',
      'apply: { kind: replace, max_delete: 100% }   allows it, then: tidemark run FLOW --fresh',
    ],
    ...failed,
    retry: 'never',
  },
  // ── 9xxx unexpected
  TM9001: {
    title: 'unexpected error',
    meaning: 'Something happened that Tidemark has no page for. If it is a defect, the message helps to find it.',
    remedy: ['tidemark runs   shows what is recorded', 'report it with the message and the version'],
    ...failed,
  },
  TM9002: {
    title: 'the demo went wrong',
    meaning: 'An act of the demo did not do what it says it does. The project it played in is left as it is.',
    remedy: [
      'tidemark runs   in the folder of the demo shows what is recorded',
      'report it with the message and the version',
    ],
    retry: 'again',
    exit: 1,
    http: 500,
  },
} as const satisfies Record<`TM${number}`, ErrorEntry>

export type ErrorCode = keyof typeof ERRORS
export const ERROR_CODES = Object.keys(ERRORS) as readonly ErrorCode[]
export const isErrorCode = (text: string): text is ErrorCode => Object.hasOwn(ERRORS, text)
