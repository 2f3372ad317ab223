/**
 * A process of its own that holds a flow's fence and has sent a part of a COPY, as a batch does. It says the number of
 * its server's process, and is then stopped by its test; when it wakes up it tries to commit, and says what came of it.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { type PostgresOptions, PostgresSession } from '../../src/drivers/postgres.ts'

const options = JSON.parse(process.argv[2] ?? '') as PostgresOptions
const session = await PostgresSession.connect(options)
await session.begin()
await session.rows("SELECT token FROM tidemark.fence WHERE store = 's1' AND flow = 'm.t' FOR SHARE")
const into = session.copyIn('COPY public.dst FROM STDIN')
into.on('error', () => undefined)
into.write('1\n')
await sleep(200)
process.stdout.write(`${session.pid}\n`)
// its test stops it now; this ends when it is woken
await sleep(1_000)
try {
  await new Promise<void>((resolve, reject) => {
    into.on('error', reject)
    into.end(resolve)
  })
  await session.commit()
  process.stdout.write('committed\n')
} catch {
  process.stdout.write('refused\n')
}
process.exit(0)
