import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { play, projectFolder } from '../support/fake-terminal.ts'
import { scriptedApp } from '../support/scripted-app.ts'

const { app } = scriptedApp()

test('init makes a project with two CSV files, times counted back from now', async () => {
  const cwd = projectFolder()
  const { exit, out, made } = await play(['init', 'shop'], app, { cwd })
  expect(exit).toBe(0)
  expect(made[0]?.path).toBe(path.join(cwd, 'shop/data/shop.duckdb'))
  expect(made[0]?.statements).toHaveLength(2)
  expect(out).toMatch(
    /^Created shop\/tidemark\.yaml, modules\/orders\.yaml and two small CSV files to play with\.\nNext: cd shop && tidemark run --all/,
  )
  const read = (file: string): string => readFileSync(path.join(cwd, 'shop', file), 'utf8')
  expect(parse(read('tidemark.yaml'))).toMatchObject({ project: 'shop' })
  expect(parse(read('modules/orders.yaml')).tasks).toHaveLength(2)
  const orders = read('data/orders.csv').trimEnd().split('\n')
  expect(orders).toHaveLength(1 + 8_931 + 3)
  expect(orders.at(-1)).toContain('2026-11-20 21:58:00.000')
  const positions = orders.slice(1).map((line) => line.split(',').at(-1) ?? '')
  expect(positions.toSorted()).toEqual(positions)
})

test('init leaves a folder with something in it alone', async () => {
  const cwd = projectFolder()
  const { exit, err } = await play(['init'], app, { cwd })
  expect(exit).toBe(2)
  expect(err).toContain('TM1021')
  expect(existsSync(path.join(cwd, 'modules'))).toBe(false)
})

test('init takes a folder that holds a repository and nothing else', async () => {
  const cwd = projectFolder()
  rmSync(path.join(cwd, 'tidemark.yaml'))
  mkdirSync(path.join(cwd, '.git'))
  const { exit, out } = await play(['init', '--json'], app, { cwd })
  expect(exit).toBe(0)
  expect(JSON.parse(out).files).toContain('data/orders.csv')
})

test('export prints the YAML, or writes it and asks before it writes over other text', async () => {
  const cwd = projectFolder()
  expect((await play(['export'], app, { cwd })).out).toBe('# modules/orders.yaml\nmodule: orders\n')
  expect((await play(['export', 'out'], app, { cwd })).out).toBe('out/modules/orders.yaml\n1 file written\n')
  expect((await play(['export', 'out'], app, { cwd })).exit).toBe(0)
  const other = scriptedApp({ exportYaml: async () => new Map([['modules/orders.yaml', 'module: other\n']]) }).app
  expect((await play(['export', 'out'], other, { cwd })).err).toContain('TM1020')
  expect((await play(['export', 'out', '--yes'], other, { cwd })).exit).toBe(0)
  expect(readFileSync(path.join(cwd, 'out/modules/orders.yaml'), 'utf8')).toBe('module: other\n')
})
