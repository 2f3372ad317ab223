/** `tidemark import blobdelta` as it is typed, on an installation of plain rows. */
import { existsSync, mkdtempDisposableSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ErrorDocument } from '@tidemark/contract/api'
import { ImportDocument } from '@tidemark/contract/operate-documents'
import { expect, test } from 'vitest'
import { openApp } from '../../src/app/wire.ts'
import { engineBackend } from '../../src/cli/backend.ts'
import { main } from '../../src/cli/main.ts'
import { type FakeWishes, fakeIo } from '../support/fake-terminal.ts'
import { configured, highWater, plainReader, RUN_PROCEDURE, STANDARD_SCRIPTS } from '../support/plain-installation.ts'

const TABLES = ['Gwent_LA_FileTable', 'YnysMon_LA_FileTable'].flatMap((target) =>
  ['Letters', 'Client'].map((name) => ({ target, name })),
)

function project() {
  const folder = mkdtempDisposableSync(join(tmpdir(), 'tidemark-import-cli-'))
  writeFileSync(
    join(folder.path, 'tidemark.yaml'),
    'project: test\nconnections:\n  office: { kind: duckdb, path: office.duckdb }\n',
  )
  const reader = () =>
    plainReader({
      tables: {
        BlobDeltaTableConfig: TABLES.map(configured),
        BlobDeltaHighWatermark: TABLES.map(({ target, name }) =>
          highWater(`${target}.dbo.${name}`, '2026-11-20 01:00:00.0000000'),
        ),
        BlobDeltaStepScript: STANDARD_SCRIPTS,
      },
      procedures: [RUN_PROCEDURE],
      units: Object.fromEntries(TABLES.map(({ target }) => [`${target}.dbo.LA_BU`, ['1']])),
    })
  return {
    path: (file: string): string => join(folder.path, file),
    type: async (line: string, wishes: FakeWishes = {}) => {
      const fake = fakeIo({ cwd: folder.path, ...wishes })
      const exit = await main(line.split(' '), fake.io, {
        ...engineBackend,
        openApp: (options) => openApp({ ...options, openBlobDelta: async () => reader() }),
      })
      return { exit, out: fake.out(), err: fake.err() }
    },
    [Symbol.dispose]: () => folder[Symbol.dispose](),
  }
}

const IMPORT = 'import blobdelta --connection office'

test('import prints the YAML, what is different and the watermarks, and leaves no file behind', async () => {
  using p = project()
  const { exit, out, err } = await p.type(IMPORT)
  expect([exit, err]).toEqual([0, ''])
  expect(out).toContain('# modules/gwent_la_file-table.yaml\n# Imported from BlobDeltaJobs on office.')
  expect(out).toMatch(/^What it is called here\n@Mode = 'AllTables' +every active table +→ tidemark run --all$/m)
  expect(out).toMatch(/^What happens otherwise\n/m)
  expect(out).not.toContain('What was not taken over')
  expect(out).toMatch(/^ynys-mon_la_file-table\.client +2026-11-20 01:00:00\.0000000$/m)
  expect(out).toContain('2 modules with 4 tasks, 4 of them active, and 4 watermarks. Nothing was written.')
  expect(out).toContain('--database BlobDeltaJobs --write modules\n')
  expect(existsSync(p.path('.tidemark'))).toBe(false)
  expect(existsSync(p.path('modules'))).toBe(false)
})

test('import --json is one document with everything that is printed', async () => {
  using p = project()
  const { out, exit } = await p.type(`${IMPORT} --json`)
  const document = ImportDocument.parse(JSON.parse(out))
  expect(exit).toBe(0)
  expect(document).toMatchObject({ connection: 'office', database: 'BlobDeltaJobs', deployed: false })
  expect(document.modules.map(({ module, file }) => [module, file])).toEqual([
    ['gwent_la_file-table', null],
    ['ynys-mon_la_file-table', null],
  ])
  expect(document.modules[0]?.tasks).toEqual([
    { task: 'gwent_la_file-table.letters', table: 'Gwent_LA_FileTable.dbo.Letters', active: true },
    { task: 'gwent_la_file-table.client', table: 'Gwent_LA_FileTable.dbo.Client', active: true },
  ])
  expect(document.watermarks.every(({ state }) => state === 'found')).toBe(true)
  // what is alike in all of them is told once
  expect(document.differences.find((d) => d.was.startsWith('parents are inserted'))?.subjects).toHaveLength(4)
})

test('import --write writes a file a module, and does not write over another unasked', async () => {
  using p = project()
  const first = await p.type(`${IMPORT} --write modules`)
  expect(first.exit).toBe(0)
  const file = p.path('modules/gwent_la_file-table.yaml')
  const text = readFileSync(file, 'utf8')
  expect((await p.type('check')).out).toContain('4 flows')
  expect((await p.type(`${IMPORT} --write modules`)).exit).toBe(0)

  writeFileSync(file, `${text}# mine\n`)
  const refused = await p.type(`${IMPORT} --write modules`)
  expect([refused.exit, refused.out]).toEqual([2, ''])
  expect(refused.err).toContain('import would write over modules/gwent_la_file-table.yaml')
  expect(readFileSync(file, 'utf8')).toBe(`${text}# mine\n`)
  expect((await p.type(`${IMPORT} --write modules --yes`)).exit).toBe(0)
  expect(readFileSync(file, 'utf8')).toBe(text)
})

test('import --deploy where the tables cannot be read says which flow, and writes nothing', async () => {
  using p = project()
  const { exit, out } = await p.type(`${IMPORT} --write modules --deploy --json`)
  expect(exit).toBe(2)
  expect(ErrorDocument.parse(JSON.parse(out)).error).toMatchObject({
    code: 'TM2001',
    message: expect.stringContaining('the watermark of gwent_la_file-table.letters'),
  })
  expect(existsSync(p.path('modules'))).toBe(false)
  expect((await p.type('watermarks --json')).out).toContain('"watermarks": []')
})
