/** Scripts and error policies of an installation, each as what it becomes. */
import { describe, expect, test } from 'vitest'
import type { PlainRow } from '../../src/app/import/blob-delta-reader.ts'
import { letter, letters, TABLE, told } from '../support/imported.ts'
import { PARENTS_SCRIPT, policy, script, STANDARD_SCRIPTS, windowScript } from '../support/plain-installation.ts'

describe('scripts', () => {
  test('standard scripts say nothing that the steps do not do by themselves', async () => {
    const { flow, done } = await letter(STANDARD_SCRIPTS)
    expect(flow.source.where).toHaveLength(1)
    expect(Object.values(flow.steps).map((s) => s.batch)).toEqual([null, null, null])
    expect(told(done, 'refused')).toEqual([])
  })

  test('the parameter of the unit in the words of a CASE, tables spelt out and NOT EXISTS are the same thing', async () => {
    const spelt = (text: string): string =>
      text
        .replace('[SourceTableFull]', 'AdvancedRBSBlob_WCCIS.dbo.Letters')
        .replace('[BusinessUnitTableFull]', '[Gwent_LA_FileTable].[dbo].[LA_BU]')
        .replace('LEFT JOIN [TargetTableFull] t WITH (NOLOCK) ON t.stream_id = f.stream_id', '')
        .replace(
          't.stream_id IS NULL',
          'NOT EXISTS (SELECT 1 FROM [TargetTableFull] x WHERE x.stream_id = f.stream_id)',
        )
        .replace(
          '(@BusinessUnitId IS NULL OR u.businessunit = @BusinessUnitId)',
          '(CASE WHEN @BusinessUnitId IS NULL THEN 1 WHEN u.businessunit = @BusinessUnitId THEN 1 ELSE 0 END = 1)',
        )
    const [first, second, third] = STANDARD_SCRIPTS
    const { flow, done } = await letter([
      { ...first, ScriptBody: spelt(windowScript('IS NULL')) },
      second ?? {},
      { ...third, ScriptBody: spelt(windowScript('IS NOT NULL')) },
    ])
    expect(flow.source.where).toHaveLength(1)
    expect(told(done, 'refused')).toEqual([])
    expect(told(done, 'behaviour').join('\n')).not.toContain('no script of it asks for the parameter')
  })

  test('a parameter of the unit that is commented out is said to have had no effect', async () => {
    const dead = (which: 'IS NULL' | 'IS NOT NULL'): string =>
      windowScript(which).replace('AND (@BusinessUnitId', '-- AND (@BusinessUnitId')
    const { done } = await letter([
      script(1, dead('IS NULL')),
      script(2, PARENTS_SCRIPT),
      script(3, dead('IS NOT NULL')),
    ])
    expect(told(done, 'behaviour').join('\n')).toContain('@BusinessUnitId changes nothing')
  })

  test('conditions become where, in every form that where has words for', async () => {
    const where = `AND m.StateCode IN (0, 1) AND f.name NOT IN (N'a', 'it''s') AND m.Amount >= -1.50 AND (m.ClosedOn IS NULL)
      AND f.is_directory <> 1 AND m.Kind BETWEEN 2 AND 5`
    const { flow } = await letter([
      script(1, windowScript('IS NULL', { where })),
      script(2, PARENTS_SCRIPT),
      script(3, windowScript('IS NOT NULL', { where })),
    ])
    expect(flow.source.where.slice(1)).toMatchObject([
      { kind: 'in-list', column: { column: 'StateCode' }, values: ['0', '1'], not: false },
      { kind: 'in-list', column: { table: null, column: 'name' }, values: ['a', "it's"], not: true },
      { kind: 'compare', operator: '>=', value: '-1.50' },
      { kind: 'null', column: { table: 'meta', column: 'ClosedOn' }, not: false },
      { kind: 'compare', operator: '<>', value: '1' },
      { kind: 'compare', operator: '>=', value: '2' },
      { kind: 'compare', operator: '<=', value: '5' },
    ])
  })

  test('a further table that is joined by columns of the source becomes a join', async () => {
    const more = (text: string): string =>
      text
        .replace('LEFT JOIN', 'INNER JOIN Cases.dbo.CaseFile AS c ON f.case_id = c.id\nLEFT JOIN')
        .replace('ORDER BY', 'AND c.Closed = 0 ORDER BY')
    const { flow } = await letter([
      script(1, more(windowScript('IS NULL'))),
      script(2, PARENTS_SCRIPT),
      script(3, more(windowScript('IS NOT NULL'))),
    ])
    expect(flow.source.joins[1]).toEqual({ table: ['Cases', 'dbo', 'CaseFile'], as: 'c', on: { case_id: 'id' } })
    expect(flow.source.where.at(-1)).toMatchObject({ column: { table: 'c', column: 'Closed' }, value: '0' })
  })

  test('values that a script computes become a template for the batches of its step', async () => {
    const values = [
      'f.[stream_id]',
      'NULL AS file_stream',
      "UPPER(f.name) + N'' -- loud",
      'f.path_locator',
      'CASE WHEN m.[MetadataModifiedOnColumn] IS NULL THEN 0 ELSE f.is_directory END',
    ]
    const { flow } = await letter([
      script(1, windowScript('IS NULL')),
      script(2, PARENTS_SCRIPT),
      script(
        3,
        windowScript('IS NOT NULL', {
          values: [values[0] ?? '', values[1] ?? '', `${values[2]}\n`, values[3] ?? '', values[4] ?? ''],
        }),
      ),
    ])
    expect(flow.steps['children']?.batch).toBe(
      `SELECT f.[stream_id] AS [stream_id],
  NULL AS [file_stream],
  UPPER(f.name) + N'' AS [name],
  f.path_locator AS [path_locator],
  CASE WHEN m.[ModifiedOn] IS NULL THEN 0 ELSE f.is_directory END AS [is_directory]
FROM {source} [f]
JOIN {meta} [m] ON m.[cw_lettersId] = f.stream_id
JOIN {batch} tidemark_batch ON tidemark_batch.[stream_id] = [f].[stream_id]
`.trimEnd(),
    )
  })

  test.each([
    ['two statements', `${windowScript('IS NOT NULL')}\nUPDATE x SET y = 1`, 'more than one statement'],
    ['another verb', 'EXEC dbo.Move @BatchSize', 'INSERT is expected where EXEC stands'],
    [
      'a condition on the clock',
      windowScript('IS NOT NULL', { where: 'AND m.CreatedOn > GETDATE()' }),
      'm.CreatedOn > GETDATE()',
    ],
    [
      'an OR',
      windowScript('IS NOT NULL', { where: 'OR m.StateCode = 1' }),
      'it asks that f.parent_path_locator IS NOT NULL',
    ],
    [
      'other rows than the roots',
      windowScript('IS NOT NULL', { where: 'AND m.StateCode = 1' }),
      'it takes other rows than the script of roots',
    ],
    ['a GROUP BY', windowScript('IS NOT NULL').replace('ORDER BY', 'GROUP BY'), 'it has GROUP in it'],
    [
      'a SELECT in FROM',
      windowScript('IS NOT NULL').replace(
        '[SourceTableFull] AS f WITH (NOLOCK)',
        '(SELECT * FROM [SourceTableFull]) f',
      ),
      'a SELECT in brackets',
    ],
    ['an open text', `${windowScript('IS NOT NULL')} '`, 'a text has no end'],
    [
      'another target',
      windowScript('IS NOT NULL').replace('[TargetTableFull]', 'Other.dbo.T'),
      'it inserts into Other.dbo.T',
    ],
    [
      'values of parameters',
      windowScript('IS NOT NULL', {
        values: ['f.stream_id', 'f.file_stream', '@TableName', 'f.path_locator', 'f.is_directory'],
      }),
      'parameters',
    ],
  ])('a script that is not translated switches its task off and says what to do: %s', async (_, text, says) => {
    const { flow, done } = await letter([
      script(1, windowScript('IS NULL')),
      script(2, PARENTS_SCRIPT),
      script(3, text),
    ])
    expect(flow.active).toBe(false)
    const [refused = ''] = told(done, 'refused')
    expect(refused).toContain('the script of step children')
    expect(refused).toContain(says)
    expect(refused).toContain('then take active: false out')
    // the script itself is kept, as comments
    expect(done.modules[0]?.yaml).toMatch(
      /^# Not taken over: the script of step children, because .* Therefore off: gwent_la_file-table\.letters$/m,
    )
    for (const line of text.trim().split('\n')) expect(done.modules[0]?.yaml).toContain(`#   ${line}`.trimEnd())
  })
})

describe('error policies', () => {
  const policies = (...rows: readonly PlainRow[]) => letter(STANDARD_SCRIPTS, { BlobDeltaErrorPolicy: rows })

  test('fatal, passing and passed over become fatal, retry and quarantine, the narrow before the wide', async () => {
    const { flow } = await policies(
      policy(547, false),
      policy(1222, false, { step: '2' }),
      policy(8152, true, { step: 'Children' }),
    )
    expect(flow.onError.map(({ code, step, do: answer }) => [code, step, answer])).toEqual([
      ['TM5003', 'ancestors', 'retry'],
      ['TM5001', 'children', 'fatal'],
      ['TM5001', null, 'quarantine'],
    ])
    expect([flow.onReject.kind, flow.shape]).toEqual(['quarantine', expect.objectContaining({ orphans: 'quarantine' })])
  })

  test('a policy of one table comes before those of all', async () => {
    const { flow } = await policies(policy(2627, true), policy(2627, false, { table: TABLE }))
    expect(flow.onError.map((p) => p.do)).toEqual(['quarantine', 'fatal'])
  })

  test.each([
    [policy(null, false, { pattern: '%deadlock%' }), 'policies are told by codes, not by messages'],
    [policy(4711, false), 'tidemark show RUN names the code'],
    [policy(2627, false, { pattern: "%'UX_Letters'%" }), 'would be answered so whatever its message'],
    [policy(1105, false), 'it is not about rows'],
    [policy(1205, false, { step: '9' }), 'step 9 is none'],
  ])('what on_error has no words for is said with what to do: %#', async (row, says) => {
    const { flow, done } = await policies(row)
    expect(flow.onError).toEqual([])
    expect(told(done, 'refused').join('\n')).toContain(says)
  })
})

describe('scripts that queue missing parents', () => {
  const queued = (body: string, more: PlainRow = {}): Readonly<Record<string, readonly PlainRow[]>> => ({
    BlobDeltaQueuePopulationScript: [{ TableName: TABLE, ScriptBody: body, ...more }],
  })
  const USUAL = `
-- one level
INSERT INTO dbo.BlobDeltaMissingParentsQueue (RunId, TableName, stream_id, Processed)
SELECT DISTINCT @RunId, @TableName, p.stream_id, 0
FROM [SourceTableFull] AS f WITH (NOLOCK)
INNER JOIN [MetadataTableFull] m WITH (NOLOCK) ON m.[MetadataIdColumn] = f.stream_id
INNER JOIN [BusinessUnitTableFull] u ON u.businessunit = m.OwningBusinessUnit
INNER JOIN [SourceTableFull] p ON p.path_locator = f.parent_path_locator AND p.is_directory = 1
LEFT JOIN [TargetTableFull] t ON t.stream_id = p.stream_id
WHERE t.stream_id IS NULL AND p.stream_id <> @ExcludedStreamId
  AND m.[MetadataModifiedOnColumn] > @WindowStart AND m.[MetadataModifiedOnColumn] <= @WindowEnd
  AND NOT EXISTS (SELECT 1 FROM dbo.BlobDeltaMissingParentsQueue q WHERE q.RunId = @RunId AND q.stream_id = p.stream_id);`

  test('one that asks for missing parents is said to be done without, and its task stays on', async () => {
    const { done } = await letter(STANDARD_SCRIPTS, queued(USUAL))
    expect(told(done, 'refused')).toEqual([])
    expect(told(done, 'behaviour').join('\n')).toMatch(
      /queues the parents that are missing → the step ancestors finds all/,
    )
    expect(done.modules[0]?.yaml).not.toContain('active: false')
  })

  test.each([
    [
      'another table',
      (s: string) => s.replace('LEFT JOIN [TargetTableFull] t', 'LEFT JOIN dbo.Kept t'),
      'it reads dbo.Kept',
    ],
    ['a value', (s: string) => s.replace('p.is_directory = 1', "p.name LIKE N'A%'"), "it asks for N'A%'"],
    ['some rows', (s: string) => s.replace('DISTINCT', 'TOP (@BatchSize)'), 'it has a TOP of its own'],
    ['two statements', (s: string) => `${s} UPDATE dbo.Letters SET Done = 1;`, 'it has a UPDATE of its own'],
    ['another order of statements', (s: string) => `DECLARE @n int; ${s}`, 'it does not begin with INSERT'],
    [
      'a list of tables',
      (s: string) => s.replace('INNER JOIN [BusinessUnitTableFull] u ON', ', dbo.Kept k WHERE'),
      'it lists tables or values',
    ],
    [
      'another target',
      (s: string) => s.replace('dbo.BlobDeltaMissingParentsQueue (', 'dbo.Todo ('),
      'it inserts into dbo.Todo',
    ],
    [
      'no parent',
      (s: string) => s.replace('f.parent_path_locator', 'f.path_locator'),
      'it does not ask for parent_path_locator',
    ],
    ['no end', (s: string) => `${s} /*`, 'a comment has no end'],
  ])('one with %s is left to a person, and its task is switched off', async (_, changed, why) => {
    const done = await letters(STANDARD_SCRIPTS, queued(changed(USUAL)))
    expect(told(done, 'refused')).toEqual([expect.stringContaining(`the script that queues its parents: ${why}`)])
    expect(done.modules[0]?.yaml).toContain('active: false')
    expect(done.modules[0]?.yaml).toContain(`# Not taken over: the script of step ancestors (queue), because ${why}`)
    expect(done.modules[0]?.yaml).toContain('#   -- one level')
  })

  test('one that is switched off, empty, or of another table says nothing', async () => {
    for (const more of [{ IsActive: '0' }, { TableName: `${TABLE}Old` }, { ScriptBody: ' ' }]) {
      const { done } = await letter(STANDARD_SCRIPTS, queued('DELETE FROM x', more))
      expect([told(done, 'refused'), told(done, 'behaviour').filter((line) => line.includes('queue'))]).toEqual([
        [],
        [],
      ])
    }
  })
})
