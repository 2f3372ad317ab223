import { expect, test } from 'vitest'
import { isolationText, weakest } from './read-isolation.ts'

const by = (kind: 'snapshot' | 'versions' | 'locks', locksFiles = false) => ({ by: kind, locksFiles })

test('a statement over several databases is read as the one that allows least', () => {
  expect(weakest([by('snapshot'), by('snapshot')])).toEqual(by('snapshot'))
  expect(weakest([by('snapshot'), by('versions', true)])).toEqual(by('versions', true))
  expect(weakest([by('locks'), by('snapshot'), by('versions')])).toEqual(by('locks'))
  expect(weakest([])).toEqual(by('locks'))
})

test('a database that is not read as of one moment says so, with what allows it', () => {
  expect(isolationText('shop', by('snapshot'))).toBeNull()
  expect(isolationText('shop', by('versions'))).toMatch(
    /each statement as of its own beginning.*\[shop\] SET ALLOW_SNAPSHOT/,
  )
  expect(isolationText('odd ] name', by('locks'))).toMatch(
    /waits for whoever writes.*\[odd \]\] name\] SET ALLOW_SNAPSHOT/,
  )
})
