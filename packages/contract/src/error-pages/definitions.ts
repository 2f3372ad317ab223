/** 1xxx: definitions and usage. */
import { definition, type ErrorEntry } from './error-entry.ts'

export const DEFINITIONS = {
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
  TM1005: {
    title: 'unknown snapshot',
    meaning: 'No snapshot of that id is kept, or none of that flow and scope.',
    remedy: ['tidemark snapshot list   lists them', 'tidemark snapshot archive   lists those that are archived'],
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
  TM1041: {
    title: 'installation cannot be read',
    meaning:
      'What is to be imported is not there, or lacks a table or a column that the import cannot do without. Nothing was written.',
    remedy: ['name the database that holds its tables: --database NAME'],
    ...definition,
  },
  TM1042: {
    title: 'watermark is there already',
    meaning:
      'The ledger has another watermark for a flow than the installation that is imported. A watermark that was earned here is never written over. Nothing was written.',
    remedy: [
      'tidemark watermarks   shows those of the ledger',
      'tidemark rewind FLOW --to POSITION --reason TEXT   moves one back, then import again',
    ],
    ...definition,
  },
  TM1043: {
    title: 'installation is at work',
    meaning:
      'A run of the installation that is imported has not ended: its watermarks may move while they are read. Nothing was written.',
    remedy: ['wait until its runs have ended and stop its jobs, then import again'],
    ...definition,
  },
} as const satisfies Record<`TM1${number}`, ErrorEntry>
