import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { findProject } from './find-project.ts'

let dir = ''
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'tidemark-project-'))
})
afterEach(() => rmSync(dir, { recursive: true }))

test('the project is found from a folder below it, or where it is named', () => {
  mkdirSync(join(dir, 'a', 'b'), { recursive: true })
  writeFileSync(join(dir, 'tidemark.yaml'), 'project: p\n')
  expect(findProject(null, join(dir, 'a', 'b'))).toBe(dir)
  expect(findProject('..', join(dir, 'a'))).toBe(dir)
  expect(() => findProject('a', dir)).toThrow(/^TM1001 .*no tidemark\.yaml in/)
})

test('where there is no project, the error says so', () => {
  expect(() => findProject(null, dir)).toThrow(/^TM1001 .*no tidemark\.yaml in .* or above/)
})
