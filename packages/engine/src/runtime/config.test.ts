import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openReferences, readConfig } from './config.ts'
import { Secret } from './secret.ts'

let dir = ''
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'tidemark-config-'))
  writeFileSync(join(dir, '.env'), 'FROM_FILE="in the file"\nBOTH=file\nTIDEMARK_ACTOR=night shift\n')
  writeFileSync(join(dir, 'password.txt'), 'p@ss\n')
})
afterAll(() => rmSync(dir, { recursive: true }))

const reveal = (value: string | Secret): string => (value instanceof Secret ? value.reveal() : `clear ${value}`)

test('.env is read and never overrides the environment', () => {
  const config = readConfig(dir, { BOTH: 'environment' })
  expect(config.variable('FROM_FILE')).toBe('in the file')
  expect(config.variable('BOTH')).toBe('environment')
  expect(config.variable('NEITHER')).toBeNull()
  expect(config.actor).toBe('night shift')
})

test('references are opened, other text is left in clear', () => {
  const config = readConfig(dir, { PW: 'x$1${env:NO}', EMPTY: '' })
  expect(reveal(openReferences('env:PW', config, dir))).toBe('x$1${env:NO}')
  expect(reveal(openReferences('postgres://me:${env:PW}@host/db', config, dir))).toBe(
    'postgres://me:x%241%24%7Benv%3ANO%7D@host/db',
  )
  expect(reveal(openReferences('postgres://me@host/${env:PW}', config, dir))).toBe('postgres://me@host/x$1${env:NO}')
  expect(reveal(openReferences('file:password.txt', config, dir))).toBe('p@ss')
  expect(reveal(openReferences('${env:EMPTY}', config, dir))).toBe('')
  expect(reveal(openReferences('data/lake.duckdb', config, dir))).toBe('clear data/lake.duckdb')
})

test('a missing secret is named when it is opened', () => {
  const config = readConfig(dir, {})
  expect(() => openReferences('env:PW', config, dir)).toThrow(/TM1016 .*environment variable PW is not set/)
  expect(() => openReferences('file:none.txt', config, dir)).toThrow(/TM1016 .*file none\.txt does not exist/)
})

test('a secret never prints', () => {
  const secret = new Secret('hunter2')
  expect([String(secret), JSON.stringify({ secret }), inspect({ secret })].join()).not.toContain('hunter2')
  expect(Object.values(secret)).toEqual([])
  expect(secret.reveal()).toBe('hunter2')
})
