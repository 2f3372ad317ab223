/** `node run-with-file-limit.ts DIR`: runs `m.t` in the world of DIR and prints how it ended. Started under `ulimit -f`. */
import { join } from 'node:path'
import { openControlStore } from '../../src/control/open-control-store.ts'
import { flowSpec, World } from './world.ts'

const dir = process.argv[2] ?? ''
const store = await openControlStore(`sqlite:${join(dir, 'control.db')}`, { projectDir: dir, readOnly: false })
const run = await new World(dir, store, {}).run(flowSpec(), { batchRows: 50_000, workers: 1 })
console.log(
  JSON.stringify({ id: run.id, state: run.state, code: run.error?.code ?? null, message: run.error?.message ?? null }),
)
await store[Symbol.asyncDispose]()
