import { CAPTURE_SCHEMAS } from '@tidemark/contract/capture-schema'
import { findErrorPolicy } from '@tidemark/contract/error-policy'
import type { FlowSpec } from '@tidemark/contract/flow'
import { expect, test } from 'vitest'
import { compareDefinitions } from '../../src/definition/difference.ts'
import { exportYaml } from '../../src/definition/export.ts'
import { resolveCatalog } from '../../src/definition/resolve.ts'
import { deployed, flowYaml, loadSound, NO_ROWS, PROJECT, problemText } from './definition-texts.ts'

type Change = Readonly<Record<string, string>>
const TREE = { shape: '{ kind: tree, locator: l, parent: p }' }
const REPLACE = { capture: 'backfill', apply: 'replace' }
const QUARANTINE = { on_reject: 'quarantine' }

function flowOf(change: Change, project = PROJECT): FlowSpec | undefined {
  const { flows, problems } = resolveCatalog(deployed([flowYaml(change)], NO_ROWS, project), CAPTURE_SCHEMAS)
  expect(problems).toEqual([])
  return flows[0]
}

test('what a flow does not say about drift, rejects and steps has a default', () => {
  expect(flowOf({})).toMatchObject({
    apply: { kind: 'latest', maxDelete: null },
    steps: {},
    drift: 'fail',
    onReject: { kind: 'fail', max: 1000 },
    onConflict: 'fail',
    onError: [],
  })
})

test('max_delete is a share of the rows or a number of them', () => {
  const limit = (text: string) =>
    flowOf({ ...REPLACE, apply: `{ kind: replace, max_delete: ${text} }` })?.apply.maxDelete
  expect(limit('20%')).toEqual({ percent: 20 })
  expect(limit('12.5%')).toEqual({ percent: 12.5 })
  expect(limit('0%')).toEqual({ percent: 0 })
  expect(limit('5000')).toEqual({ rows: 5000n })
  expect(limit('"0"')).toEqual({ rows: 0n })
  expect(limit('12345678901234567')).toEqual({ rows: 12_345_678_901_234_567n })
})

test('drift, rejects, conflicts and errors are told as they were written', () => {
  const flow = flowOf({
    drift: 'add',
    on_reject: '{ kind: quarantine, max: 50 }',
    on_conflict: 'skip',
    on_error: '[{ code: TM5003, step: rows, do: retry, attempts: 5 }, { code: "TM50*", do: quarantine }]',
    steps: '{ rows: { max_dop: 1 } }',
  })
  expect(flow).toMatchObject({
    drift: 'add',
    onReject: { kind: 'quarantine', max: 50 },
    onConflict: 'skip',
    onError: [
      { code: 'TM5003', step: 'rows', do: 'retry', attempts: 5 },
      { code: 'TM50*', step: null, do: 'quarantine', attempts: null },
    ],
    steps: { rows: { queue: null, batch: null, maxDop: 1 } },
  })
})

test.each<[string, Change, RegExp]>([
  ['a share above all', { ...REPLACE, apply: '{ kind: replace, max_delete: 101% }' }, /^TM1011 .*must be at most 100%/],
  [
    'a negative number',
    { ...REPLACE, apply: '{ kind: replace, max_delete: -1 }' },
    /^TM1011 .*must be a share of the rows, such as 20%/,
  ],
  ['half a row', { ...REPLACE, apply: '{ kind: replace, max_delete: 1.5 }' }, /^TM1011 .*must be a share/],
  ['a limit where nothing is deleted', { apply: '{ kind: latest, max_delete: 20% }' }, /^TM1012 .*"max_delete"/],
  ['replace with a watermark', { apply: 'replace' }, /^TM1019 .*capture: watermark cannot be applied as replace/],
  ['replace of a tree', { ...REPLACE, ...TREE }, /^TM1019 .*no parent can land before its children.*shape: flat/],
  ['an unknown drift', { drift: 'ad' }, /^TM1011 .*must be fail or add or ignore.*did you mean "add"\?/],
  ['rejects without a place', { on_reject: '{ kind: quarantine, max: 0 }' }, /^TM1011 .*max must be 1 or more/],
  ['a limit of no rejects', { on_reject: '{ kind: fail, max: 5 }' }, /^TM1012 .*"max"/],
  ['an unknown conflict policy', { on_conflict: 'skp' }, /^TM1011 .*did you mean "skip"\?/],
  [
    'conflicts that are kept out without rejects',
    { on_conflict: 'quarantine' },
    /^TM1019 .*on_conflict: quarantine keeps rows as rejects.*add on_reject: quarantine/,
  ],
  [
    'errors that are kept out without rejects',
    { on_error: '[{ code: TM5001, do: quarantine }]' },
    /^TM1019 .*do: quarantine keeps rows as rejects/,
  ],
  [
    'an unknown code',
    { on_error: '[{ code: TM503, do: fatal }]' },
    /^TM1013 .*no error has the code "TM503".*did you mean "TM5/,
  ],
  [
    'a beginning of no code',
    { on_error: '[{ code: "TM77*", do: fatal }]' },
    /^TM1013 .*no error code begins with TM77/,
  ],
  ['a star in the middle', { on_error: '[{ code: "TM*3", do: fatal }]' }, /^TM1013 .*no error has the code "TM\*3"/],
  [
    'quarantine of what is not about rows',
    { ...QUARANTINE, on_error: '[{ code: TM2004, do: quarantine }]' },
    /^TM1019 .*TM2004 is not about rows.*do: fatal/,
  ],
  [
    'quarantine of a beginning that has nothing about rows',
    { ...QUARANTINE, on_error: '[{ code: "TM3*", do: quarantine }]' },
    /^TM1019 .*TM3\* is not about rows/,
  ],
  [
    'attempts of what is not tried again',
    { on_error: '[{ code: TM5003, do: fatal, attempts: 3 }]' },
    /^TM1019 .*attempts belongs to do: retry/,
  ],
  ['one attempt', { on_error: '[{ code: TM5003, do: retry, attempts: 1 }]' }, /^TM1011 .*attempts must be 2 or more/],
  ['a policy that does nothing', { on_error: '[{ code: TM5003 }]' }, /^TM1011 .*do is missing/],
  ['an unknown answer', { on_error: '[{ code: TM5003, do: rety }]' }, /^TM1011 .*did you mean "retry"\?/],
  [
    'a step of another shape in a policy',
    { on_error: '[{ code: TM5003, step: roots, do: fatal }]' },
    /^TM1013 .*shape: flat has no step "roots".*there is rows/,
  ],
  [
    'a misspelt step',
    { ...TREE, steps: '{ ancestor: { max_dop: 1 } }' },
    /^TM1013 .*shape: tree has no step "ancestor".*did you mean "ancestors"\?/,
  ],
  ['a step without workers', { steps: '{ rows: { max_dop: 0 } }' }, /^TM1011 .*max_dop must be 1 or more/],
  ['a misspelt part of a step', { steps: '{ rows: { batc: x } }' }, /^TM1012 .*did you mean "batch"\?/],
])('a policy is refused: %s', (_, change, message) => {
  expect(problemText([flowYaml(change)])).toMatch(message)
})

const batch = (sql: string): Change => ({ steps: `{ rows: { batch: ${JSON.stringify(sql)} } }` })
const queue = (sql: string, more: Change = {}): Change => ({
  steps: `{ rows: { queue: ${JSON.stringify(sql)} } }`,
  ...more,
})
test.each<[string, Change, RegExp]>([
  [
    'an unknown parameter',
    queue('SELECT order_id\nFROM {source}\nWHERE at > :aftr'),
    /^TM1028 .*:aftr is no parameter; there are :after, :up_to, :batch_size, at line 3, character 12 of the template.*did you mean "after"\?/,
  ],
  [
    'an unknown token',
    batch('SELECT * FROM {sorce} JOIN {batch} USING (order_id)'),
    /^TM1028 .*\{sorce\} is no token.*did you mean "source"\?/,
  ],
  [
    'a scope that is not declared',
    queue('SELECT 1 WHERE x = :scope_unit'),
    /^TM1028 .*:scope_unit is no scope parameter of this flow/,
  ],
  [
    'two statements',
    queue('SELECT 1; DROP TABLE t'),
    /^TM1028 .*a template is one statement: another begins after this ;, at line 1, character 9/,
  ],
  [
    'a statement that changes',
    queue('DELETE FROM {target}'),
    /^TM1028 .*a template is a SELECT.*it starts with DELETE/,
  ],
  ['nothing', queue('-- later'), /^TM1028 .*it is empty/],
  ['a batch that is the whole table', batch('SELECT * FROM {source}'), /^TM1028 .*has to name \{batch\}/],
  ['a queue made of batches', queue('SELECT order_id FROM {batch}'), /^TM1028 .*\{batch\} has no meaning in a queue/],
  ['a queue made of itself', queue('SELECT order_id FROM {queue}'), /^TM1028 .*\{queue\} has no meaning in a queue/],
  [
    'a queue of a tree',
    { ...TREE, steps: '{ roots: { queue: "SELECT order_id FROM {source}" } }' },
    /^TM1028 .*a step of a tree has no queue/,
  ],
  [
    'a window where there is no position',
    queue('SELECT 1 WHERE x > :after', { capture: 'backfill' }),
    /^TM1028 .*:after and :up_to have no value/,
  ],
])('a step template is refused at its place: %s', (_, change, message) => {
  const text = problemText([flowYaml(change)])
  expect(text).toMatch(message)
  expect(text).toMatch(/in modules\/m1\.yaml:1[12]:\d+/)
})

test('a template may use the scopes of its flow', () => {
  const sql = 'SELECT order_id FROM {source} WHERE unit = :scope_business_unit AND at > :after'
  expect(problemText([flowYaml(queue(sql, { scope: '{ business-unit: unit }' }))])).toBe('no problem')
})

const PROJECT_ERRORS = `${PROJECT}defaults: { on_error: [{ code: "TM50*", do: retry }, { code: TM2005, do: retry }], on_reject: { kind: quarantine, max: 7 } }\n`

test('error policies of a flow come before those of module and project, each once', () => {
  const yaml = flowYaml({ on_error: '[{ code: TM5003, do: fatal }, { do: retry, code: TM2005 }]', ...QUARANTINE })
  const inModule = yaml.replace('tasks:', 'defaults: { on_error: [{ code: TM5001, do: quarantine }] }\ntasks:')
  const rows = deployed([inModule], NO_ROWS, PROJECT_ERRORS)
  const [flow] = resolveCatalog(rows, CAPTURE_SCHEMAS).flows
  expect(flow?.onError.map((p) => `${p.code} ${p.do}`)).toEqual([
    'TM5003 fatal',
    'TM2005 retry',
    'TM5001 quarantine',
    'TM50* retry',
  ])
  expect(flow?.onReject).toEqual({ kind: 'quarantine', max: 7 })

  const exported = loadSound([...exportYaml(rows).values()], PROJECT_ERRORS, rows)
  expect(compareDefinitions(exported, rows, true)).toEqual({ undeployed: [], editedByHand: [] })
})

test('the first error policy that matches code and step decides, and quarantine takes only what is about rows', () => {
  const policies = flowOf({
    ...QUARANTINE,
    on_error:
      '[{ code: TM5003, step: rows, do: fatal }, { code: "TM50*", do: quarantine }, { code: "TM*", do: retry }]',
  })?.onError
  const answer = (code: Parameters<typeof findErrorPolicy>[1], step: string | null) =>
    findErrorPolicy(policies ?? [], code, step)?.do
  expect(answer('TM5003', 'rows')).toBe('fatal')
  expect(answer('TM5003', 'roots')).toBe('retry')
  expect(answer('TM5001', 'rows')).toBe('quarantine')
  expect(answer('TM5002', null)).toBe('retry')
  expect(findErrorPolicy([], 'TM5001', null)).toBeNull()
})
