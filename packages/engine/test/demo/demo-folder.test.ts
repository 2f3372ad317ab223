import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import { defaultProject, makeProject } from '../../src/demo/demo-folder.ts'
import { installedPackages } from '../../src/demo/installed-packages.ts'
import { openPlace } from './tree-of-files.ts'

const here = (clone: string): string => path.join(clone, 'packages', 'engine', 'src', 'demo')

test('in a clone the demo plays in its folder demo, elsewhere in tidemark-demo', () => {
  const clone = path.resolve('/somewhere/clone')
  expect(defaultProject(clone, here(clone))).toBe(path.join(clone, 'demo'))
  expect(defaultProject(path.join(clone, 'docs'), here(clone))).toBe(path.join(clone, 'demo'))
  const elsewhere = path.resolve('/somewhere')
  expect(defaultProject(elsewhere, here(clone))).toBe(path.join(elsewhere, 'tidemark-demo'))
  const installed = path.join(elsewhere, 'node_modules', 'tidemark', 'dist', 'demo')
  expect(defaultProject(elsewhere, installed)).toBe(path.join(elsewhere, 'tidemark-demo'))
})

test('a project of a former demo is made anew, and what others put there stays', async () => {
  await using place = await openPlace()
  await makeProject(place.project, place.database.definitions)
  const yaml = path.join(place.project, 'tidemark.yaml')
  const first = await readFile(yaml, 'utf8')
  await writeFile(yaml, `${first}# a note\n`)
  await writeFile(path.join(place.project, '.tidemark', 'control.db'), 'old')
  await writeFile(path.join(place.project, 'notes.txt'), 'mine')
  await makeProject(place.project, place.database.definitions)
  expect(await readFile(yaml, 'utf8')).toBe(first)
  expect(await readdir(path.join(place.project, '.tidemark'))).toEqual([])
  expect(await readFile(path.join(place.project, 'notes.txt'), 'utf8')).toBe('mine')
})

test('a folder with anything else in it is refused and left alone', async () => {
  await using place = await openPlace()
  await mkdir(place.project)
  await writeFile(path.join(place.project, 'tidemark.yaml'), 'project: mine\n')
  await expect(makeProject(place.project, place.database.definitions)).rejects.toMatchObject({ code: 'TM1021' })
  await expect(makeProject(path.join(place.tree, 'top.txt'), place.database.definitions)).rejects.toMatchObject({
    code: 'TM1021',
  })
  expect(await readdir(place.project)).toEqual(['tidemark.yaml'])
})

test('the packages that the program was installed with are found', async () => {
  expect(await readdir(installedPackages())).toContain('zod')
})
