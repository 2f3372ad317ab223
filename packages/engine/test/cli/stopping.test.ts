import { expect, test } from 'vitest'
import type { App } from '../../src/app/app.ts'
import type { OpenAppOptions } from '../../src/cli/backend.ts'
import { main } from '../../src/cli/main.ts'
import { Cancelled } from '../../src/runtime/app-error.ts'
import { backendOf, fakeIo } from '../support/fake-terminal.ts'
import { runDocument, runJson, scriptedApp } from '../support/scripted-app.ts'

const cancelled = runDocument(runJson({ status: 'cancelled', batches: 97 }))

/** A run that goes on until `enough` says so, and what it saw of the signals. */
function stoppable(presses: number): {
  fake: ReturnType<typeof fakeIo>
  app: App
  seen: () => OpenAppOptions | undefined
  soft: () => AbortSignal | undefined
  play: () => Promise<number>
} {
  const fake = fakeIo()
  let soft: AbortSignal | undefined
  const { app } = scriptedApp({
    run: async (_options, _emit, signal) => {
      soft = signal
      for (let i = 0; i < presses; i += 1) fake.stop()
      return cancelled
    },
  })
  const { backend, opened } = backendOf(app)
  return { fake, app, seen: () => opened[0], soft: () => soft, play: () => main(['run', '--all'], fake.io, backend) }
}

test('the first ^C lets the batches in flight finish, and the answer says how to go on', async () => {
  const { fake, play, seen, soft } = stoppable(1)
  expect(await play()).toBe(130)
  expect(soft()?.reason).toBeInstanceOf(Cancelled)
  expect(seen()?.hardSignal.aborted).toBe(false)
  expect(fake.err()).toContain('Stopping after the batches in flight (^C again to roll them back) …')
  expect(fake.out()).toContain('cancelled   resume: tidemark resume r-7k3f1   (or just run the flow again)')
})

test('the second ^C rolls back, the third leaves at once', async () => {
  const twice = stoppable(2)
  await twice.play()
  expect(twice.seen()?.hardSignal.aborted).toBe(true)
  expect(twice.fake.exits).toEqual([])
  const thrice = stoppable(3)
  await thrice.play()
  expect(thrice.fake.exits).toEqual([130])
})

test('after a command nobody listens to ^C any more', async () => {
  const { fake, play, soft } = stoppable(0)
  await play()
  fake.stop()
  expect(soft()?.aborted).toBe(false)
})

test('^C at a question is a cancel, not an answer', async () => {
  const fake = fakeIo({ tty: true })
  const { app, calls } = scriptedApp({
    previewRewind: async ({ flow, scope, to }) => {
      setImmediate(fake.stop)
      return { flow, scope, from: null, to, redelivered: null, supersedes: [] }
    },
  })
  const silent = { ...fake.io, stdin: new (await import('node:stream')).PassThrough() }
  expect(await main(['rewind', 'orders.orders', '--to', '5', '--reason', 'x'], silent, backendOf(app).backend)).toBe(
    130,
  )
  expect(calls.map(([method]) => method)).toEqual(['previewRewind', 'dispose'])
})
