/** The part of the command table that is about archives, and about what a snapshot holds. */
import type { CommandSpec } from './command.ts'
import { SCOPE, YES } from './common-options.ts'

const SNAPSHOT = { arguments: '<snapshot>', argumentHelp: { snapshot: 'such as s-7k3f19qa' } }

export const ARCHIVE_COMMANDS: readonly CommandSpec[] = [
  {
    name: 'snapshot key',
    group: 'Look',
    summary: 'one row through all snapshots that can be read, those in the archive among them',
    arguments: '<flow> <key>',
    argumentHelp: { flow: 'module.task', key: 'plain text, or a JSON array such as ["12","a"] of several columns' },
    options: [SCOPE],
    load: async () => (await import('./commands/snapshot-key.ts')).snapshotKey,
  },
  {
    name: 'snapshot restore',
    group: 'Look',
    summary: 'write the rows of a snapshot into a new file or table, from its image or its archive',
    ...SNAPSHOT,
    options: [
      { flags: '--to <file>', description: 'a new file, ends in .parquet, .csv or .json' },
      {
        flags: '--into <connection>',
        description: 'a DuckDB file, or a database of PostgreSQL or SQL Server, for a new table of it',
      },
      { flags: '--table <name>', description: 'how that table is called' },
    ],
    load: async () => (await import('./commands/snapshot-restore.ts')).snapshotRestore,
  },
  {
    name: 'snapshot stats',
    group: 'Look',
    summary: 'count, size, ratio, oldest and newest archive of each flow and scope',
    arguments: '',
    argumentHelp: {},
    options: [{ flags: '--days <n>', description: 'of so many days (default 30)' }],
    load: async () => (await import('./commands/snapshot-stats.ts')).snapshotStats,
  },
  {
    name: 'snapshot archive',
    group: 'Operate',
    summary: 'the archives of snapshots: which are written, and which are pending and why',
    arguments: '[flow]',
    argumentHelp: { flow: 'module.task; every flow when left out' },
    options: [{ flags: '--retry', description: 'write what is pending now' }],
    load: async () => (await import('./commands/snapshot-archive.ts')).snapshotArchive,
  },
  {
    name: 'snapshot validate',
    group: 'Operate',
    summary: 'read archives again: presence, size, SHA-256, rows, columns. Exit code 1 where one is not sound',
    arguments: '[snapshot]',
    argumentHelp: { snapshot: 'such as s-7k3f19qa; every archive when left out' },
    options: [{ flags: '--full', description: 'hash every row again, too' }],
    load: async () => (await import('./commands/snapshot-validate.ts')).snapshotValidate,
  },
  {
    name: 'snapshot tag',
    group: 'Operate',
    summary: 'set or remove tags of an archive, or how long it stays; the tag hold keeps it whatever its age',
    arguments: '<snapshot> [tag...]',
    argumentHelp: { snapshot: 'such as s-7k3f19qa', tag: 'NAME=VALUE' },
    options: [
      { flags: '--remove <name>', description: 'a tag that goes; may be given several times', repeat: true },
      { flags: '--retain <duration>', description: 'how long it stays, from now on, e.g. 365d' },
    ],
    load: async () => (await import('./commands/snapshot-tag.ts')).snapshotTag,
  },
  {
    name: 'snapshot cleanup',
    group: 'Operate',
    summary:
      'delete archives whose retention is over; the newest of each scope and what is held stay. Lists, then asks',
    arguments: '[flow]',
    argumentHelp: { flow: 'module.task; every flow when left out' },
    options: [
      { flags: '--keep-days <n>', description: 'keep younger ones too, and let go of those without a retention' },
      {
        flags: '--tag <name=value>',
        description: 'only those with this tag; may be given several times',
        repeat: true,
      },
      { flags: '--dry-run', description: 'list what would be deleted' },
      YES,
    ],
    load: async () => (await import('./commands/snapshot-cleanup.ts')).snapshotCleanup,
  },
]
