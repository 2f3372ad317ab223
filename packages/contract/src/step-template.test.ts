import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseTemplate, TemplateError, type TemplatePiece } from './step-template.ts'

const NAMES = { scopes: ['unit', 'business-unit'], joins: ['meta'] }

/** As it was written. */
const written = (piece: TemplatePiece): string => {
  if (piece.kind === 'text') return piece.text
  if (piece.kind === 'token' || piece.kind === 'join') return `{${piece.name}}`
  return piece.kind === 'param' ? `:${piece.name}` : `:scope_${piece.name}`
}

const hostile = fc.string({
  unit: fc.constantFrom("'", '"', ':after', '{source}', ';', '--', '/*', '*/', '$$', '?', '::', '(', ')', 'INTO', ' ', '\n', 'x', 'é', '\\'),
  maxLength: 12,
}) // biome-ignore format: a table
const doubled = (text: string, quote: string): string => quote + text.replaceAll(quote, quote + quote) + quote

/** Pieces of SQL that are text whatever stands in them. */
const inert = fc.oneof(
  hostile.map((text) => doubled(text, "'")),
  hostile.map((text) => doubled(text, '"')),
  hostile.map((text) => `E'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`),
  hostile.filter((text) => !text.includes('$')).map((text) => `$tag$${text}$tag$`),
  hostile.map((text) => `/*${text.replaceAll(/\/\*|\*\/|[*/]/g, '')}*/`),
  hostile.map((text) => `--${text.replaceAll('\n', '')}\n`),
  fc.constantFrom('x::text', 'a := 1', "{'k': 1}", 'l[1 : 2]', '(1 + 2)', 'price$1', 'count(delete)', '/* a /* :after */ ; */'),
) // biome-ignore format: a table
const bound = fc.constantFrom<TemplatePiece>(
  { kind: 'param', name: 'after' },
  { kind: 'param', name: 'up_to' },
  { kind: 'param', name: 'batch_size' },
  { kind: 'scope', name: 'unit' },
  { kind: 'token', name: 'source' },
  { kind: 'token', name: 'batch' },
  { kind: 'join', name: 'meta' },
)
const part = fc.oneof(
  inert.map((text): TemplatePiece => ({ kind: 'text', text })),
  bound,
)

test('a template is taken apart into what is bound and what is text, whatever the text holds', () => {
  fc.assert(
    fc.property(fc.array(part, { maxLength: 8 }), fc.constantFrom('', ';', ' ; -- end\n'), (parts, end) => {
      const text = `SELECT ${parts.map((p) => `${written(p)} `).join('')}`
      const { pieces } = parseTemplate(text + end, NAMES)
      expect(pieces.filter((p) => p.kind !== 'text')).toEqual(parts.filter((p) => p.kind !== 'text'))
      expect(pieces.map(written).join('')).toBe(text + end.replace(';', ''))
    }),
    { numRuns: 1000 },
  )
})

test('any text is a template or is refused with its place', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(hostile, fc.string({ unit: 'grapheme' })), { maxLength: 6 }), (texts) => {
      try {
        const { pieces } = parseTemplate(`SELECT ${texts.join(' ')}`, NAMES)
        expect(pieces.length).toBeGreaterThan(0)
      } catch (error) {
        expect(error).toBeInstanceOf(TemplateError)
        expect(String(error)).toMatch(/at line \d+, character \d+ of the template$/)
      }
    }),
    { numRuns: 1000 },
  )
})

test('a scope with a - is bound under its own name', () => {
  expect(parseTemplate('SELECT :scope_business_unit', NAMES).pieces).toEqual([
    { kind: 'text', text: 'SELECT ' },
    { kind: 'scope', name: 'business-unit' },
  ])
})

test.each([
  'WITH a AS (SELECT 1) SELECT * FROM a',
  '-- first\n/* and */ select 1',
  "SELECT ';' AS semicolon;",
  'SELECT 1; -- done',
  'SELECT 1;;',
  'SELECT update, count(delete), "INTO" FROM t',
  "SELECT date'2026-01-01', x::date, l[1 : 2], {'a': 1}, a.b.c",
  'SELECT * FROM { source } s WHERE at>:after AND at<=:up_to LIMIT :batch_size',
])('template %j is one SELECT', (text) => {
  expect(() => parseTemplate(text, NAMES)).not.toThrow()
})

test('a template never ends in a semicolon or a comment that is open', () => {
  const text = (template: string) => parseTemplate(template, { scopes: [], joins: [] }).pieces.map(written).join('')
  expect(text('SELECT 1;')).toBe('SELECT 1')
  expect(text('SELECT 1 ; -- note')).toBe('SELECT 1  -- note\n')
})

test.each<[string, RegExp]>([
  ['', /it is empty, at line 1, character 1/],
  ['  INSERT INTO t SELECT 1', /it starts with INSERT, at line 1, character 3/],
  ['(SELECT 1)', /it starts with \(/],
  ["'SELECT'", /it starts with 'SELECT'/],
  ['SELECT 1; SELECT 2', /one statement.*character 9/],
  ['SELECT * INTO t FROM s', /only selects: INTO would change something/],
  ['WITH a AS (SELECT 1) DELETE FROM t', /only selects: DELETE/],
  ['WITH a AS (DELETE FROM t RETURNING *) SELECT * FROM a', /only selects: DELETE/],
  ['WITH a AS (update {target} SET x = 1) SELECT 1', /only selects: update/],
  ["SELECT 'open", /the text that starts here has no end, at line 1, character 8/],
  ['SELECT "open', /the quoted name that starts here has no end/],
  ['SELECT $a$ open $b$', /the text that starts here has no end/],
  ['SELECT 1 /* /* */', /the comment that starts here has no end/],
  ['SELECT (1', /the bracket that starts here has no end/],
  ['SELECT 1) UNION (SELECT 2', /a bracket ends that was never opened/],
  ['SELECT ?', /"\?" is no parameter here/],
  ['SELECT $1', /"\$1" is no parameter here/],
  ['SELECT $name', /"\$name" is no parameter here/],
  ['SELECT\n\n  :befor', /:befor is no parameter; .*at line 3, character 3/],
  ['SELECT :After', /:After is no parameter/],
  ['SELECT :scope_other', /no scope parameter of this flow; there are .*:scope_unit, :scope_business_unit/],
  ['SELECT {name}', /\{name\} is no token; there are \{source\}, \{target\}, \{batch\}, \{queue\}, \{meta\}/],
])('template %j is refused', (text, message) => {
  expect(() => parseTemplate(text, NAMES)).toThrow(message)
})
