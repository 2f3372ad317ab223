/** What a child process does with the store; see `child-process.ts`. Arguments: role, project folder, own name, URL. */
import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseFlowId } from '@tidemark/contract/ids'
import { openControlStore } from '../../../src/control/open-control-store.ts'
import { openSqlite } from '../../../src/drivers/sqlite.ts'
import { BY, batches, counts, FLOW, ownerOf, TTL_MS, WHOLE } from './store-world.ts'

const [role, projectDir = '', name = '', url = ''] = process.argv.slice(2)
const store = await openControlStore(url, { projectDir, readOnly: false })

async function start(n: number, flow = FLOW) {
  const lease = await store.leases.acquire(flow, ownerOf(name), TTL_MS, null)
  if (lease === null) throw new Error('held')
  const id = await store.ledger.newRunId()
  await store.ledger.createRun(
    {
      id,
      group: null,
      flow,
      scope: WHOLE,
      lane: 'x',
      window: null,
      waiting: null,
      plan: '{}',
      by: BY,
    },
    null,
  )
  await store.ledger.startRun(id, lease.token, name)
  await store.ledger.addBatches(id, lease.token, '{}', [{ step: 1, name: 'rows' }], batches(1, n))
  return { id, token: lease.token }
}

/** Takes the lease 200 times, and notes each time when it came in and went out. */
async function race(): Promise<void> {
  for (let won = 0; won < 200; ) {
    const lease = await store.leases.acquire(FLOW, ownerOf(name), TTL_MS, null)
    if (lease === null) {
      await sleep(0)
      continue
    }
    won += 1
    appendFileSync(join(projectDir, 'race.log'), `in ${name} ${lease.token}\n`)
    appendFileSync(join(projectDir, 'race.log'), `out ${name} ${lease.token}\n`)
    if (!(await store.leases.release(FLOW, lease.token))) throw new Error('a held lease could not be released')
  }
}

/** Works on a long run, until it is killed; or on a short one of a flow of its own. */
async function write(size: number, flow = FLOW): Promise<void> {
  const { id, token } = await start(size, flow)
  console.log(id)
  for (let n = 1; n <= size; n++) {
    await store.ledger.claimBatch(id, n, token)
    await store.ledger.batchDone(id, n, token, counts(1))
  }
}

/** Has work, and keeps the store open until it is killed. */
async function hold(): Promise<void> {
  console.log((await start(5)).id)
  await sleep(60_000)
}

/** Commits three batches, opens a transaction that settles everything by hand, and dies before its commit. */
async function dieInTransaction(): Promise<void> {
  const { id, token } = await start(4)
  for (const n of [1, 2, 3]) {
    await store.ledger.claimBatch(id, n, token)
    await store.ledger.batchDone(id, n, token, counts(1))
  }
  console.log(id)
  const raw = openSqlite(store.location, 1_000)
  raw.script(`begin immediate; update run set state = 'succeeded'; update batch set state = 'done';
    insert into watermark (flow, scope, position, run, version, coverage, source) values ('a.b', '{}', '1', 'r', 1, '{}', '{}')`)
  process.kill(process.pid, 'SIGKILL')
}

const ROLES: Readonly<Record<string, () => Promise<void>>> = {
  open: async () => console.log(store.id),
  race,
  write: () => write(10_000),
  work: () => write(300, parseFlowId(`shop.${name}`)),
  hold,
  'die-in-transaction': dieInTransaction,
}
await ROLES[role ?? '']?.()
await store[Symbol.asyncDispose]()
