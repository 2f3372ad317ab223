import { expect, test } from 'vitest'
import { commandOf } from './schedule.ts'

test.each([
  ['C:\\it is here', null, 'cmd.exe /c tidemark run --all --project "C:\\it is here"'],
  ['C:\\a&b (100%)', 'm', 'cmd.exe /c tidemark run --module m --project "C:\\a&b (100%)"'],
  // else the quotation mark would be a part of the name
  ['D:\\', null, 'cmd.exe /c tidemark run --all --project "D:\\\\"'],
])('a job step for %s calls tidemark by the command shell', (dir, module, command) => {
  expect(commandOf(dir, module)).toBe(command)
})

test.each(['C:\\a"b', 'C:\\%TEMP%\\a'])(
  'a folder that the command shell would take for another is refused: %s',
  (dir) => {
    expect(() => commandOf(dir, null)).toThrow(/quotation mark or two percent signs/)
  },
)
