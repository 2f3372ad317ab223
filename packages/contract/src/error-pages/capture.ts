/** 4xxx: plan and capture. */
import { definition, failed, type ErrorEntry } from './error-entry.ts'

export const CAPTURE = {
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
  },
  TM4005: {
    title: 'key is not unique in the source',
    meaning: 'Two source rows have the same key; which of them would win is chance.',
    remedy: ['mend the rows, or choose a key that is unique'],
    ...failed,
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
  TM4030: {
    title: 'no such type',
    meaning: "The target's database has no type of the name that columns.cast asks for.",
    remedy: ['use a type of the target, such as: columns: { cast: { NAME: decimal(18,4) } }'],
    ...definition,
  },
  TM4031: {
    title: 'value does not fit its cast',
    meaning:
      'Values of the source are not exactly values of the type that the flow casts them to: they would be rounded, cut or lost. The batch was rolled back; nothing of it is in the target.',
    remedy: [
      'mend the values in the source, then: tidemark resume --last',
      'or cast to a type that holds them, then: tidemark run FLOW --fresh',
    ],
    ...failed,
    aboutRows: true,
  },
  TM4032: {
    title: 'target column does not hold the mask',
    meaning:
      'What the mask puts in the place of the value is no value of the target column: hash and redact are texts, null is NULL.',
    remedy: ['change the type of the target column', 'or use another mask'],
    ...definition,
  },
  TM4025: {
    title: 'a file cannot hold the type',
    meaning: 'A value of that type would come back from a Parquet file as another one, or not at all.',
    remedy: ['cast the column, or leave it out'],
    ...definition,
  },
  TM4026: {
    title: 'files cannot be changed',
    meaning:
      'A folder of files takes new rows in new files, or is replaced as a whole, where it can be renamed. It has no rows that could be updated.',
    remedy: ['apply: insert-missing, or replace', 'or write into a database'],
    ...definition,
  },
  TM4037: {
    title: 'step template is not a SELECT',
    meaning: 'The database does not take the SQL of a step as one SELECT, or does not know what it names.',
    remedy: ['mend the template under steps', 'tidemark plan FLOW --sql   shows the statements of a flow that plans'],
    ...definition,
  },
  TM4038: {
    title: 'step template gives other columns',
    meaning:
      'A queue gives the columns of the key, a batch those of the target, each once, by name, in a type that fits exactly.',
    remedy: ['name the columns as listed, with AS where they are called otherwise, and CAST where the type differs'],
    ...definition,
  },
  TM4039: {
    title: 'step template gave other rows',
    meaning:
      'A batch template gave a row that is not of its batch, or two rows of one key. Nothing of that batch landed.',
    remedy: [
      'join {batch} by the whole key, so that each of its keys gives one row at most',
      'then: tidemark resume --last',
    ],
    ...failed,
  },
  TM4040: {
    title: 'step template cannot serve this flow',
    meaning: 'A template reads the clear key, and a masked key is known to batches only as it is masked.',
    remedy: ['leave the template or the mask of the key out'],
    ...definition,
  },
  TM4041: {
    title: 'snapshot is not here',
    meaning:
      'What the source was is kept beside the project, and that snapshot is not there: the folder was removed, or another machine took it.',
    remedy: [
      'put .tidemark/snapshots back, from where the last run was',
      'or tidemark run FLOW --full   begins anew: every row counts as new and is delivered',
    ],
    ...failed,
  },
  TM4042: {
    title: 'rows would be left below one that moves',
    meaning:
      'A row changes its locator, and the target holds rows that refer to the one it has. These have no other place to go: the source deleted or excluded them, or they cannot land. Where the target refers from row to row it refuses such a move, so nothing was written.',
    remedy: [
      'delete the rows shown in the target, where the source has them no more, then run the flow again',
      'or move them by hand below a row that stays',
      'or mend the rows of the source that they should follow',
    ],
    ...failed,
  },
  TM4043: {
    title: 'new rows between rows that move',
    meaning:
      'A new row lands below one that moves, and a row that has to move with that one lands below the new row. Where the target refers from row to row, the move waits for the new row and the new row for the move, so nothing was written.',
    remedy: [
      'switch the reference off, tidemark run FLOW --fresh, and switch it on again',
      'PostgreSQL: ALTER TABLE … DROP CONSTRAINT …, later ADD it again',
      'SQL Server: ALTER TABLE … NOCHECK CONSTRAINT …, later WITH CHECK CHECK CONSTRAINT …',
      'a FileTable: ALTER TABLE … DISABLE FILETABLE_NAMESPACE, later ENABLE FILETABLE_NAMESPACE',
    ],
    ...failed,
  },
  TM4107: {
    title: 'column cannot be held exactly',
    meaning: 'The target column would round, cut or refuse values of the source column.',
    remedy: [
      'change the type of the target column',
      'or columns: { cast: { NAME: TYPE } }   a value that does not fit is a reject',
      'or columns: { exclude: [NAME] }',
    ],
    ...definition,
  },
  TM4108: {
    title: 'table drifted',
    meaning: 'Source and target no longer have the columns that the flow needs.',
    remedy: [
      'change the target table',
      'or columns: { exclude: [NAME] }',
      'a run that had begun, with the columns back as they were: tidemark resume --last',
    ],
    ...definition,
  },
  TM4109: {
    title: 'target table is missing',
    meaning: 'The target table does not exist and create: never forbids making it.',
    remedy: ['create it with the DDL above, or target: { create: if_missing }'],
    ...definition,
  },
  TM4111: {
    title: 'type has no canonical text',
    meaning: 'Rows with a value of this type cannot be hashed or compared across databases: it has no one text.',
    remedy: ['columns: { exclude: [NAME] } leaves it out'],
    ...definition,
  },
} as const satisfies Record<`TM4${number}`, ErrorEntry>
