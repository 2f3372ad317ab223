/** Scripts as SSMS and sqlcmd read them: GO on a line of its own ends a batch. */
export const batchesOf = (script: string): readonly string[] =>
  script
    .split(/^[ \t]*go[ \t]*\r?$/im)
    .map((batch) => batch.trim())
    .filter((batch) => batch !== '')

const quoted = (text: string): string => `N'${text.replaceAll("'", "''")}'`

/** A batch within another: what has to begin a batch does so within EXEC. */
export const executed = (batch: string): string => `exec (${quoted(batch)});`

/** What indexes on computed columns, and some of those on a part of the rows, count on; sqlcmd begins otherwise. */
export const SETTINGS = `${[
  'ansi_nulls',
  'ansi_padding',
  'ansi_warnings',
  'arithabort',
  'concat_null_yields_null',
  'quoted_identifier',
  'nocount',
  'xact_abort',
]
  .map((setting) => `set ${setting} on;`)
  .join('\n')}
set numeric_roundabort off;
go`
