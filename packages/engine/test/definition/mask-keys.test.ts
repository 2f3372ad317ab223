import { expect, test } from 'vitest'
import { checkReferences } from '../../src/app/doctor/references.ts'
import { readConfig } from '../../src/runtime/config.ts'
import { ALL_COLUMNS, flowSpec } from '../support/world.ts'

test('doctor names the key of a mask that does not open, with the flow that needs it', () => {
  const mask = { name: { kind: 'hash', key: 'env:MASK_KEY' }, note: { kind: 'null' } } as const
  const flows = [flowSpec({ columns: { ...ALL_COLUMNS, mask } })]
  const checked = (environment: Readonly<Record<string, string>>) =>
    checkReferences(
      { project: { dir: '/nowhere', controlUrl: 'sqlite:control.db' }, config: readConfig(null, environment) },
      { connections: new Map(), flows },
    )
  expect(checked({})).toMatchObject([
    {
      status: 'fail',
      subject: 'env:MASK_KEY',
      detail: expect.stringMatching(/MASK_KEY is not set; used by a mask of m\.t$/),
    },
  ])
  const opened = checked({ MASK_KEY: 'hunter2' })
  expect(opened).toMatchObject([{ status: 'ok', detail: 'opens; used by a mask of m.t' }])
  expect(JSON.stringify(opened)).not.toContain('hunter2')
})
