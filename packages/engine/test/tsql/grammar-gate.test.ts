/** The gate itself: what it has to read, and what it has to refuse, at its place and for no other reason. */
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { findProblems, findProblemsInFile, partsOf } from '../support/tsql/check-tsql.ts'

const HERE = import.meta.dirname
const read = (name: string): string => readFileSync(path.join(HERE, name), 'utf8')

interface Refused {
  /** the lines that hold what is refused */
  readonly lines: RegExp
  /** what makes T-SQL of it in their place; by default the rest is T-SQL without them */
  readonly instead?: string
}

/** Files in `refused`. Each of their parts is refused, and is not without those lines. */
const REFUSED: Readonly<Record<string, Refused>> = {
  limit: { lines: /^LIMIT/ },
  cast: { lines: /^::/ },
  'on-conflict': { lines: /^ON CONFLICT/ },
  'for-update': { lines: /^FOR/ },
  concat: { lines: /^\|\|/ },
  'offset-without-order': { lines: /^OFFSET/ },
  offset: { lines: /^OFFSET/ },
  'is-distinct-from': { lines: /^IS (NOT )?DISTINCT/, instead: '= s.[b];' },
  merge: { lines: /^MERGE/, instead: 'SET NOCOUNT ON;' },
  returning: { lines: /^RETURNING/ },
  'dirty-read': { lines: /NOLOCK|UNCOMMITTED/ },
  'unknown-hint': { lines: /^(WITH|\()/ },
  'condition-as-value': { lines: /^(s\.\[a\] [>=]|\[a\] =|EXISTS|s\.\[at\] IS|\[newer\])/ },
  'value-as-condition': { lines: /^WHERE/ },
  'boolean-literal': { lines: /^\[is_active\] =|^WHERE/ },
  'postgres-clause': { lines: /^(FILTER|ON|NULLS|LATERAL|RECURSIVE|OVERRIDING|AS t|WINDOW)\b/ },
  'later-function': { lines: /^(STRING_AGG|TRIM|GREATEST|octet_length)/ },
  'foreign-type': { lines: /^(CAST|\[at\]|@is_new|\[b\])/ },
  'name-without-as': { lines: /^(s\.\[id\]|ANTI|ARRAY)/ },
  'call-without-exec': { lines: /^(VACUUM|THROW)/, instead: 'SET NOCOUNT ON;' },
  'not-first-in-batch': { lines: /^CREATE/ },
  'executed-text': { lines: /^EXEC/ },
  'unread-rest': { lines: /^(THIS|\);|WHERE s\.\[id\] <|BEGIN|SELECT N'x|`)/ },
}

const CASES = Object.entries(REFUSED).flatMap(([name, refused]) =>
  partsOf(read(`refused/${name}.sql`)).map(({ text }) => ({
    name,
    part: /^-- (.*)/.exec(text)?.[1] ?? '',
    text,
    refused,
  })),
)

describe('the grammar gate reads', () => {
  test('every form of statement that we write', () => {
    expect(findProblemsInFile(read('accepted.sql'))).toEqual([])
  })

  test('a script with GO, and the texts that it executes', () => {
    expect(partsOf(read('accepted-script.sql'))).toHaveLength(1)
    expect(findProblemsInFile(read('accepted-script.sql'))).toEqual([])
  })
})

describe('the grammar gate refuses', () => {
  test.each(CASES)('$name: $part', ({ text, refused }) => {
    const lines = text.split('\n')
    const problems = findProblems(text)
    expect(problems).not.toEqual([])
    // the parser may need the next word to know that it is lost
    const near = lines.flatMap((line, i) => (refused.lines.test(line) ? [i + 1, i + 2] : []))
    expect(near).toContain(problems[0]?.line)

    const mended = lines.map((line) => (refused.lines.test(line) ? (refused.instead ?? '') : line))
    expect(findProblems(mended.join('\n'))).toEqual([])
  })

  test('nothing at all, and what is only a comment', () => {
    for (const text of ['', ' \n', '-- capture\n', '/* SELECT 1 */', ';;']) expect(findProblems(text)).not.toEqual([])
  })

  test('every golden file of PostgreSQL', () => {
    const golden = path.join(HERE, '../golden/postgres')
    const accepted = readdirSync(golden).filter(
      (name) => findProblemsInFile(readFileSync(path.join(golden, name), 'utf8')).length === 0,
    )
    expect(accepted).toEqual([])
  })

  test('every file that is there', () => {
    expect(readdirSync(path.join(HERE, 'refused')).toSorted()).toEqual(
      Object.keys(REFUSED)
        .map((name) => `${name}.sql`)
        .toSorted(),
    )
  })
})

test('a problem is told at its line in the file', () => {
  const file =
    '-- one\nSELECT 1 AS [a];\n\n-- two\nSELECT 1 AS [a]\nLIMIT 5;\n\n-- three\nSELECT [𝟘]::text\nFROM [t];\n'
  expect(findProblemsInFile(file).map(({ line, column }) => ({ line, column }))).toEqual([
    { line: 6, column: 1 },
    { line: 9, column: 11 },
  ])
})

test('what stands in for a gap of the grammar moves nothing', () => {
  const text = "IF UPDATE([𝟘]) PRINT N'x'; SELECT hierarchyid::GetRoot() AS [r], N'UPDATE(a)'::text;"
  expect(findProblems(text).map(({ line, column }) => ({ line, column }))).toEqual([{ line: 1, column: 78 }])
})
