import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { expect, test } from 'vitest'
import { openFolderStore } from '../../src/dialects/archive/folder-store.ts'
import { archiveStoreContract } from './archive-store-contract.ts'

const newFolder = (): string => mkdtempSync(path.join(os.tmpdir(), 'tidemark-folder-'))

archiveStoreContract(
  'a folder',
  () => {
    const folder = newFolder()
    return Promise.resolve({
      open: () => openFolderStore(path.join(folder, 'not', 'there', 'yet')),
      [Symbol.asyncDispose]: () => {
        rmSync(folder, { recursive: true })
        return Promise.resolve()
      },
    })
  },
  2 * 1024 ** 2 + 7,
)

test('a folder that cannot be written is one that cannot be reached, and says why', async () => {
  const folder = newFolder()
  writeFileSync(path.join(folder, 'file'), '')
  await using store = openFolderStore(path.join(folder, 'file'))
  const manifest = { flow: 'm.t', snapshot: 's-00001' }
  await expect(store.find(manifest)).rejects.toMatchObject({
    code: 'TM6201',
    message: expect.stringContaining('ENOTDIR'),
  })
  expect(readdirSync(folder)).toEqual(['file'])
  rmSync(folder, { recursive: true })
})
