import { describe, expect, test } from 'vitest'
import { selfReferences } from '../../src/dialects/postgres/introspect.ts'
import { TestDatabase } from '../support/postgres-database.ts'
import { Windows } from '../support/postgres-source.ts'
import { VERSIONS } from '../support/postgres-server.ts'

describe.each(VERSIONS)('what is in PostgreSQL %s', (version) => {
  const columnsOf = async (w: Windows, ...table: readonly string[]) =>
    (await w.source.port.describe(table))?.columns.map((c) => [c.name, c.type])

  test('types are named as the catalog names them, with what a type of somebody is made of', async () => {
    await using db = await TestDatabase.create(version)
    await db.exec(
      'CREATE SCHEMA "Odd Schema"',
      `CREATE TYPE mood AS ENUM ('sad', 'o''k', '*/ x')`,
      'CREATE TYPE "Odd Schema"."T" AS (a int, b numeric(5,2)[])',
      'CREATE DOMAIN small AS numeric(4,1) CHECK (VALUE > 0)',
      'CREATE DOMAIN smaller AS small',
      'CREATE DOMAIN list AS int[]',
      'CREATE TYPE span AS RANGE (subtype = time)',
      `CREATE TABLE types (a int, b numeric, c numeric(10,2), d varchar(20), e char(3), f timestamp(3), g timestamptz, h time(0),
        i interval day to second(3), j "char", k mood, l mood[], m "Odd Schema"."T", n small, o smaller, p list, q smaller[], r span,
        s int4range, t bit varying(5), u text[][], v jsonb, w xid8)`,
    )
    await using w = await Windows.open(db)
    const mood = `public.mood /* enum ["sad", "o'k", "\\u002a\\u002f x"] */`
    expect(await columnsOf(w, 'types')).toEqual([
      ['a', 'integer'],
      ['b', 'numeric'],
      ['c', 'numeric(10,2)'],
      ['d', 'character varying(20)'],
      ['e', 'character(3)'],
      ['f', 'timestamp(3) without time zone'],
      ['g', 'timestamp with time zone'],
      ['h', 'time(0) without time zone'],
      ['i', 'interval day to second(3)'],
      ['j', '"char"'],
      ['k', mood],
      ['l', mood.replace('mood', 'mood[]')],
      ['m', '"Odd Schema"."T" /* row [["a", "integer"], ["b", "numeric(5,2)[]"]] */'],
      ['n', 'numeric(4,1)'],
      ['o', 'numeric(4,1)'],
      ['p', 'integer[]'],
      ['q', 'numeric(4,1)[]'],
      ['r', 'public.span /* range "time without time zone" */'],
      ['s', 'int4range'],
      ['t', 'bit varying(5)'],
      ['u', 'text[]'],
      ['v', 'jsonb'],
      ['w', 'xid8'],
    ])
    // each is SQL as it stands
    for (const [, type] of (await columnsOf(w, 'types')) ?? [])
      expect(await db.rows(`SELECT CAST(NULL AS ${type}) IS NULL`)).toEqual([['t']])
    expect(await w.source.port.canonical(mood, 'sad')).toBe('sad')
    expect(await w.source.port.canonical(mood, 'happy')).toBeNull()
    expect(w.source.port.canBeKey(mood)).toBe(true)
  })

  test('tables, views, partitions and foreign tables are described alike, with odd names as they are', async () => {
    await using db = await TestDatabase.create(version)
    const odd = 'a"; drop'
    await db.exec(
      `CREATE TABLE plain (id int PRIMARY KEY, "${odd.replaceAll('"', '""')}" text)`,
      'CREATE VIEW seen AS SELECT * FROM plain',
      'CREATE MATERIALIZED VIEW kept AS SELECT * FROM plain',
      'CREATE TABLE parts (id int, day date, PRIMARY KEY (id, day)) PARTITION BY RANGE (day)',
      "CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')",
      "INSERT INTO parts SELECT i, '2026-01-02' FROM generate_series(1, 100) i",
      'CREATE EXTENSION postgres_fdw',
      "CREATE SERVER far FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '127.0.0.1', port '1')",
      'CREATE FOREIGN TABLE remote (id int, at timestamptz) SERVER far',
      'CREATE TABLE "Plain" (other int)',
      'CREATE TABLE gone (a int, b int, c int)',
      'ALTER TABLE gone DROP COLUMN b',
      'ANALYZE',
    )
    await using w = await Windows.open(db)
    for (const name of ['plain', 'seen', 'kept'])
      expect(await columnsOf(w, name)).toEqual([
        ['id', 'integer'],
        [odd, 'text'],
      ])
    expect(await columnsOf(w, 'public', 'Plain')).toEqual([['other', 'integer']])
    expect(await columnsOf(w, 'gone')).toEqual([
      ['a', 'integer'],
      ['c', 'integer'],
    ])
    expect(await w.source.port.describe(['PLAIN'])).toBeNull()
    expect(await w.source.port.describe(['parts'])).toMatchObject({ uniqueKeys: [['id', 'day']], estimatedRows: 100n })
    expect((await w.source.port.describe(['seen']))?.estimatedRows).toBeNull()
    expect(await w.source.port.listValues(['parts'], 'day')).toEqual(['2026-01-02'])
    const foreign = {
      ref: { table: null, column: 'at' },
      type: 'timestamp with time zone',
      clock: 'utc',
      zone: null,
      targetColumn: null,
    } as const
    expect((await w.source.port.moment(foreign, ['remote'])).relies).toContain('foreign table')
  })

  test('keys are those that hold for all rows, and columns say what the database fills', async () => {
    await using db = await TestDatabase.create(version)
    await db.exec(
      `CREATE COLLATION folded (provider = icu, locale = 'und-u-ks-level2', deterministic = false)`,
      `CREATE TABLE t (b int NOT NULL, a int GENERATED ALWAYS AS IDENTITY, c int GENERATED BY DEFAULT AS IDENTITY,
        d int GENERATED ALWAYS AS (b * 2) STORED, e text COLLATE folded, f text COLLATE "C", PRIMARY KEY (b, a), UNIQUE (e))`,
      'CREATE UNIQUE INDEX ON t (c) INCLUDE (f)',
      'CREATE UNIQUE INDEX ON t (f) WHERE b > 0',
      'CREATE UNIQUE INDEX ON t (lower(f))',
      ...(version === '18' ? ['ALTER TABLE t ADD g int GENERATED ALWAYS AS (b * 3) VIRTUAL'] : []),
    )
    await using w = await Windows.open(db)
    const facts = await w.source.port.describe(['t'])
    expect(facts?.uniqueKeys).toEqual([['b', 'a'], ['e'], ['c']])
    expect(facts?.columns).toMatchObject([
      { name: 'b', nullable: false, generated: false },
      { name: 'a', identity: 'always', generated: false },
      { name: 'c', identity: 'by default' },
      { name: 'd', generated: true },
      { name: 'e', collation: 'public.folded', nullable: true },
      { name: 'f' },
      ...(version === '18' ? [{ name: 'g', generated: true }] : []),
    ])
    expect(facts?.columns[5]?.collation).toBeUndefined()
  })

  test('a database is told from another, and from an earlier state of itself', async () => {
    await using db = await TestDatabase.create(version)
    await using other = await TestDatabase.create(version)
    await using w = await Windows.open(db)
    await using v = await Windows.open(other)
    const first = await w.source.port.identity()
    expect(first.system).toMatch(/^postgres:\d+\/\d+\/timeline 1$/)
    expect((await v.source.port.identity()).system).not.toBe(first.system)
    const print = await w.source.port.fingerprint()
    expect(await w.source.port.fingerprint()).toBe(print)
    await db.exec('CREATE TABLE t (a int)')
    const second = await w.source.port.identity()
    expect(second.system).toBe(first.system)
    expect(BigInt(second.timeline ?? '0')).toBeGreaterThan(BigInt(first.timeline ?? '0'))
    expect(await w.source.port.fingerprint()).not.toBe(print)
  })

  test('where the control file is not shown, the identity says so', async () => {
    await using db = await TestDatabase.create(version)
    const role = `r_${db.options.database}`
    await db.exec(`CREATE ROLE ${role} LOGIN`, 'REVOKE EXECUTE ON FUNCTION pg_control_system() FROM public')
    try {
      await using w = await Windows.open(db, { url: db.url.replace('postgres@', `${role}@`) })
      expect(await w.source.port.identity()).toMatchObject({
        system: expect.stringMatching(new RegExp(`^postgres:unproved/${db.options.database}/\\d+$`)),
        timeline: null,
      })
    } finally {
      await db.exec('GRANT EXECUTE ON FUNCTION pg_control_system() TO public', `DROP ROLE ${role}`)
    }
  })

  test('a table says by which columns it refers to itself, where the row that is referred to must stay', async () => {
    await using db = await TestDatabase.create(version)
    await db.exec(
      'CREATE TABLE other (id int PRIMARY KEY)',
      `CREATE TABLE tree (id int PRIMARY KEY, loc text, zone int, o int REFERENCES other, parent text, follower text, twin int, UNIQUE (loc), UNIQUE (zone, loc),
        FOREIGN KEY (parent) REFERENCES tree (loc), FOREIGN KEY (follower) REFERENCES tree (loc) ON UPDATE CASCADE,
        CONSTRAINT zz FOREIGN KEY (zone, follower) REFERENCES tree (zone, loc) ON UPDATE RESTRICT)`,
    )
    await using session = await db.connect()
    expect(await selfReferences(session, ['tree'], 'public', 'a test')).toEqual([
      { column: 'parent', referenced: 'loc' },
      { column: 'zone', referenced: 'zone' },
      { column: 'follower', referenced: 'loc' },
    ])
    expect(await selfReferences(session, ['other'], 'public', 'a test')).toEqual([])
    expect(await selfReferences(session, ['nothing'], 'public', 'a test')).toEqual([])
  })

  test('a value has one text, and a text that says more than its type holds is none', async () => {
    await using db = await TestDatabase.create(version)
    await using w = await Windows.open(db)
    const one = (type: string, text: string) => w.source.port.canonical(type, text)
    expect(await one('timestamp with time zone', '2026-01-01T10:00:00+02')).toBe('2026-01-01 08:00:00+00')
    expect(await one('timestamp(3) without time zone', '2026-01-01 10:00:00.1234')).toBeNull()
    expect(await one('date', 'tomorrow-ish')).toBeNull()
    expect(await one('integer', '007')).toBe('7')
    expect(await one('integer', '3000000000')).toBeNull()
    expect(await one('numeric(5,2)', '1.5')).toBe('1.50')
    expect(await one('numeric(5,2)', '1.555')).toBeNull()
    expect(await one('uuid', 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11')).toBe('a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11')
    expect(await one('inet', '10.0.0.300')).toBeNull()
    expect(await one('xid8', '77')).toBe('77')
    expect(
      await w.source.port.compare(
        'uuid',
        'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11',
        'b0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11',
      ),
    ).toBe(-1)
    expect(await w.source.port.compare('bigint', '10', '9')).toBe(1)
  })
})
