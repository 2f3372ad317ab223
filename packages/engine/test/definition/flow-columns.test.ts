import { CAPTURE_SCHEMAS } from '@tidemark/contract/capture-schema'
import type { ColumnsSpec } from '@tidemark/contract/flow'
import { expect, test } from 'vitest'
import { problemsError } from '../../src/definition/problem.ts'
import { resolveCatalog } from '../../src/definition/resolve.ts'
import { deployed, flowYaml, PROJECT, problemText } from './definition-texts.ts'

const SOURCE =
  '{ connection: shop, table: orders, join: [{ table: meta, as: meta, on: { order_id: id } }], where: [{ column: region, equals: N }] }'
const columnsYaml = (columns: string, more: Readonly<Record<string, string>> = {}): string =>
  flowYaml({ source: SOURCE, columns, ...more })
const refusal = (columns: string, more: Readonly<Record<string, string>> = {}): string =>
  problemText([columnsYaml(columns, more)])

function columnsOf(columns: string): ColumnsSpec | undefined {
  const { flows, problems } = resolveCatalog(deployed([columnsYaml(columns)]), CAPTURE_SCHEMAS)
  expect(problems).toEqual([])
  return flows[0]?.columns
}

test('an added column is one of source or join, or a constant whose text stays as it was written', () => {
  const columns = columnsOf(
    '{ add: { a: meta.Owner, b: note, c: { column: \'meta."odd.name"\' }, d: { value: east }, e: { value: 0123 }, f: { value: true }, g: { value: null }, h: { value: "" } } }',
  )
  expect(columns?.add).toEqual({
    a: { kind: 'column', column: { table: 'meta', column: 'Owner' } },
    b: { kind: 'column', column: { table: null, column: 'note' } },
    c: { kind: 'column', column: { table: 'meta', column: 'odd.name' } },
    d: { kind: 'value', value: 'east' },
    e: { kind: 'value', value: '0123' },
    f: { kind: 'value', value: 'true' },
    g: { kind: 'value', value: null },
    h: { kind: 'value', value: '' },
  })
})

test('a mask is null, a text or a hash, in its short and its long form', () => {
  const columns = columnsOf(
    `{ mask: { a: null, b: 'null', c: { kind: null }, d: redact, e: { redact: '***' }, f: { kind: redact, text: '' }, g: { hash: env:MASK_KEY }, h: { kind: hash, key: file:mask.key }, i: { kind: redact } } }`,
  )
  expect(columns?.mask).toEqual({
    a: { kind: 'null' },
    b: { kind: 'null' },
    c: { kind: 'null' },
    d: { kind: 'redact', text: '[redacted]' },
    e: { kind: 'redact', text: '***' },
    f: { kind: 'redact', text: '' },
    g: { kind: 'hash', key: 'env:MASK_KEY' },
    h: { kind: 'hash', key: 'file:mask.key' },
    i: { kind: 'redact', text: '[redacted]' },
  })
})

test('a cast keeps the text of its type, and its form alone is checked', () => {
  const types = ['decimal(18,4)', 'DECIMAL (18, 4)', 'date', 'timestamp(3) with time zone', 'double precision', 'varchar(max)', 'integer[]'] // biome-ignore format: a list
  for (const type of types) expect(columnsOf(`{ cast: { amount: "${type}" } }`)?.cast).toEqual({ amount: type })
  for (const type of [
    '',
    '4',
    'decimal(',
    'decimal(18;4)',
    'date; drop table t',
    "text'",
    'date -- x',
    '"date"',
    'a  b',
  ])
    expect(refusal(`{ cast: { amount: '${type.replaceAll("'", "''")}' } }`), type).toMatch(
      /^TM1011 .*cast\.amount must be the name of a type, such as decimal\(18,4\)/,
    )
})

test('cast and mask name a column as the target has it', () => {
  const renamed = 'rename: { cust: customer_id }'
  expect(columnsOf(`{ ${renamed}, cast: { customer_id: bigint }, mask: { customer_id: redact } }`)).toMatchObject({
    cast: { customer_id: 'bigint' },
  })
  for (const part of ['cast: { cust: bigint }', 'mask: { cust: redact }']) {
    expect(refusal(`{ ${renamed}, ${part} }`).match(/^TM/gm)).toHaveLength(1)
    expect(refusal(`{ ${renamed}, ${part} }`)).toMatch(
      /^TM1013 .*names columns as the target has them, where "cust" is called otherwise, in modules\/m1\.yaml:11:\d+ .*did you mean "customer_id"\?/,
    )
  }
})

test.each<[string, string, RegExp]>([
  ['a bare number', '{ add: { x: 5 } }', /^TM1011 .*add\.x must be a column, .*a constant is written \{ value: … \}/],
  ['a bare NULL', '{ add: { x: null } }', /^TM1011 .*also \{ value: null \}/],
  ['nothing', '{ add: { x: {} } }', /^TM1011 .*must say where it comes from/],
  ['both', '{ add: { x: { column: a, value: b } } }', /^TM1019 .*column and value exclude each other/],
  ['a list as constant', '{ add: { x: { value: [1] } } }', /^TM1011 .*must be a single value/],
  ['a misspelt form', '{ add: { x: { colum: a } } }', /^TM1012 .*did you mean "column"\?/],
  ['an unknown alias', '{ add: { x: mta.Owner } }', /^TM1013 .*no join is called "mta".*did you mean "meta"\?/],
  ['the key', '{ add: { order_id: meta.id } }', /^TM1019 .*"order_id" is added, but the source has a column/],
  ['a column of where', '{ add: { REGION: meta.r } }', /^TM1019 .*"REGION" is added, but .*exclude "REGION"/],
  ['an included one', '{ include: [order_id, a], add: { a: meta.a } }', /^TM1019 .*"a" is added, but the source/],
  ['a new name of another', '{ rename: { a: b }, add: { B: meta.b } }', /^TM1019 .*another column is renamed to it/],
  ['one in two cases', '{ add: { b: meta.b, B: meta.b } }', /^TM1019 .*"b" and "B" are both added/],
  [
    'one that is renamed',
    '{ add: { b: meta.b }, rename: { b: c } }',
    /^TM1019 .*"b" is both added and renamed.*exclude "b"/,
  ],
])('an added column is refused: %s', (_, columns, message) => {
  expect(refusal(columns)).toMatch(message)
})

test('an excluded name is free for an added column', () => {
  expect(
    refusal('{ exclude: [ssn], add: { ssn: meta.ssn, ssn_hash: ssn }, mask: { ssn_hash: { hash: env:K } } }'),
  ).toBe('no problem')
})

test.each<[string, string, RegExp]>([
  ['no form', '{ mask: { a: [hash] } }', /^TM1011 .*must be one of hash, null, redact/],
  ['an unknown kind', '{ mask: { a: redacted } }', /^TM1011 .*"redacted" is unknown.*did you mean "redact"\?/],
  ['a hash without a key', '{ mask: { a: hash } }', /^TM1011 .*needs a key: \{ hash: env:MASK_KEY \}/],
  ['an empty key', "{ mask: { a: { hash: '' } } }", /^TM1011 .*is empty/],
  ['a key that is a switch', '{ mask: { a: { hash: true } } }', /^TM1011 .*hash must be text/],
  ['two kinds', '{ mask: { a: { hash: env:K, redact: x } } }', /^TM1019 .*exclude each other/],
  ['nothing', '{ mask: { a: {} } }', /^TM1011 .*must be null, redact/],
  ['no text', '{ mask: { a: { redact: null } } }', /^TM1011 .*is empty: write the text/],
  ['a text of another kind', '{ mask: { a: { kind: hash, key: env:K, text: x } } }', /^TM1012 .*"text"/],
  ['a column left out', '{ exclude: [a], mask: { a: redact } }', /^TM1019 .*"a" is masked but not moved/],
  [
    'a column not included',
    '{ include: [order_id, ssn, updated_at, region], mask: { snn: redact } }',
    /^TM1013 .*"snn", which is not moved.*did you mean "ssn"\?/,
  ],
  [
    'another case than the one moved',
    '{ include: [order_id, SSN], mask: { ssn: redact } }',
    /^TM1013 .*did you mean "SSN"\?/,
  ],
])('a mask is refused: %s', (_, columns, message) => {
  expect(refusal(columns)).toMatch(message)
})

test('a cast of a column left out is refused', () => {
  expect(refusal('{ exclude: [a], cast: { a: date } }')).toMatch(/^TM1019 .*"a" is cast but not moved/)
  expect(refusal('{ include: [order_id], cast: { a: date } }')).toMatch(/^TM1013 .*"a".*add it to columns\.include/)
})

const TREE = { shape: '{ kind: tree, locator: path, parent: parent_path }' }
test.each<[string, string, Record<string, string>, RegExp]>([
  [
    'the key, with a text',
    '{ mask: { order_id: redact } }',
    {},
    /"order_id" is in the key: only hash keeps rows apart/,
  ],
  ['the key, with NULL', '{ rename: { order_id: id }, mask: { id: null } }', {}, /"id" is in the key/],
  ['the position', '{ mask: { UPDATED_AT: { hash: env:K } } }', {}, /"UPDATED_AT" is the position/],
  [
    'the position under another name',
    '{ rename: { updated_at: at }, mask: { at: { hash: env:K } } }',
    {},
    /"at" is the position/,
  ],
  [
    'the position of a join',
    '{ add: { at: meta.m }, mask: { at: redact } }',
    { capture: '{ kind: watermark, position: meta.m }' },
    /"at" is the position/,
  ],
  ['a column of where', '{ mask: { region: redact } }', {}, /"region" is a column of where/],
  ['a scope column', '{ mask: { unit: { hash: env:K } } }', { scope: '{ unit: unit }' }, /"unit" is the scope "unit"/],
  ['the locator', '{ mask: { path: redact } }', TREE, /"path" is the locator of the tree/],
  ['the parent', '{ mask: { parent_path: { hash: env:K } } }', TREE, /"parent_path" is the parent of the tree/],
  [
    'a column that is moved a second time',
    '{ add: { copy: ssn }, mask: { ssn: redact } }',
    {},
    /"copy" holds the same column in clear/,
  ],
  [
    'a copy of a column that is moved',
    '{ add: { copy: ssn }, mask: { copy: redact } }',
    {},
    /"ssn" holds the same column in clear/,
  ],
  [
    'a key that a join holds in clear',
    '{ add: { copy: meta.id }, mask: { order_id: { hash: env:K } } }',
    {},
    /"copy" holds the same column in clear/,
  ],
  [
    'a key whose values are excluded',
    '{ mask: { order_id: { hash: env:K } } }',
    { exclude_keys: '{ order_id: [7] }' },
    /"order_id" is a column of exclude_keys/,
  ],
  [
    'what joins the position',
    '{ mask: { ref: redact } }',
    {
      source: '{ connection: shop, table: orders, join: [{ table: t, as: meta, on: { ref: id } }] }',
      capture: '{ kind: watermark, position: meta.m }',
    },
    /"ref" joins the position: only hash can be remembered/,
  ],
])('a mask that hides nothing is refused: %s', (_, columns, more, message) => {
  const text = refusal(columns, more)
  expect(text).toMatch(/^TM1030 /)
  expect(text).toMatch(message)
})

test('a key may be hashed, and every copy of a column may be masked', () => {
  expect(refusal('{ mask: { order_id: { hash: env:K } } }')).toBe('no problem')
  expect(refusal('{ add: { copy: ssn }, mask: { ssn: null, copy: { hash: env:K } } }')).toBe('no problem')
  expect(refusal('{ cast: { note: text }, mask: { note: null } }')).toBe('no problem')
})

test('the key of a mask is never written in clear, and never repeated', () => {
  for (const key of ['gehe1m', '123456', '"${env:A}gehe1m"'])
    for (const mask of [`{ hash: ${key} }`, `{ kind: hash, key: ${key} }`]) {
      const text = refusal(`{ mask: { ssn: ${mask} } }`)
      expect(text).toMatch(/^TM1015 |\nTM1015 /)
      expect(text).not.toMatch(/gehe1m|123456/)
    }
  expect(refusal('{ rename: { hash: key }, add: { mask: { value: gehe1m } } }')).toBe('no problem')
  for (const mask of ['{ hash: gehe1m', '{ kind: hash, key: gehe1m']) {
    const broken = problemText([`module: m\nmask: ${mask}\n\t: ]\n`])
    expect(broken).toMatch(/^TM1010 /)
    expect(broken).not.toContain('gehe1m')
  }
})

test('a literal key of a mask in a row is refused without being shown', () => {
  const rows = deployed([columnsYaml('{ mask: { ssn: { hash: env:K } } }')])
  const edited = {
    ...rows,
    tasks: rows.tasks.map((t) => ({
      ...t,
      transformationConfig: t.transformationConfig?.replace('env:K', 'gehe1m') ?? null,
    })),
  }
  const { problems } = resolveCatalog(edited, CAPTURE_SCHEMAS)
  expect(problemsError(problems).message).toBe(
    'TM1015 literal secret: the value of "hash", in the control tables: task shop.orders, transformation_config.columns.mask.ssn.hash',
  )
})

test('two columns of the target never have one name', () => {
  expect(refusal('{ include: [order_id, a, c], rename: { a: C } }')).toMatch(
    /^TM1019 .*"a" is renamed to "C", which is a column already/,
  )
  expect(refusal('{ include: [order_id, a, c], rename: { a: c, c: a } }')).toBe('no problem')
})

test('a mask of the defaults is replaced by the one of the flow, not mixed with it', () => {
  const project = `${PROJECT}defaults: { columns: { mask: { ssn: { redact: x } }, add: { site: { value: east } } } }\n`
  const yaml = columnsYaml('{ mask: { ssn: { hash: env:K } }, add: { site: meta.site } }')
  expect(problemText([yaml], project)).toBe('no problem')
})
