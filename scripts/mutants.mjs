/**
 * `npm run test:mutants`: switches off one safeguard at a time, in memory, and expects the named test to fail: in the
 * test's own process, for one that it starts reads the sources as they are. A mutant that survives means that nothing
 * holds its safeguard. `-- WORD …` plays only mutants whose name has one of the words; with TEST_DAYS=n it is every
 * nth one, and the others on the days after.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { MUTANTS } from './mutants/table.mjs'

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)))
const PLAYERS = 2
const ENGINE = 'packages/engine'
const VERDICTS = {
  BROKEN: 'its test does not pass with every safeguard on',
  SURVIVED: 'its test does not fail where the safeguard is off',
}

const words = process.argv.slice(2)
const today = Temporal.Now.plainDateISO().dayOfYear
const days = Number(process.env.TEST_DAYS || '1')
const inTurn = (_, i) => (i + today) % days === 0
const chosen = MUTANTS.filter((m) => words.length === 0 || words.some((w) => m.name.includes(w))).filter(inTurn)
if (chosen.length === 0) stop(`no mutant has one of the words ${words.join(', ')} in its name`)
const startedAt = performance.now()
let ending = false
checkTable()

const players = await Promise.all(Array.from({ length: PLAYERS }, startPlayer))

const width = Math.max(...chosen.map((m) => m.name.length))
const results = await inTurns(chosen, async (player, mutant) => {
  const at = performance.now()
  const [file, title] = mutant.test
  // right before, in the same process and on the same servers: what an earlier mutant left behind kills nothing
  const on = await play(player, file, title)
  const off = on.state === 'passed' ? await play(player, file, title, mutant) : on
  const verdict = on.state !== 'passed' ? 'BROKEN' : off.state === 'failed' ? 'killed' : 'SURVIVED'
  process.stdout.write(`${verdict.padEnd(8)} ${mutant.name.padEnd(width)}  ${seconds(at).padStart(4)} s  ${title}\n`)
  if (verdict !== 'killed') process.stdout.write(`${VERDICTS[verdict]}\n${off.output}\n`)
  return verdict === 'killed'
})
const survivors = results.filter((killed) => !killed).length
process.stdout.write(`\n${results.length - survivors} passed, ${survivors} failed (${seconds(startedAt)} s)\n`)
process.exitCode = survivors === 0 ? 0 : 1
ending = true
for (const player of players) player.disconnect()

/** A table that no longer fits the code fails here, before anything runs. */
function checkTable() {
  const problems = chosen.flatMap(({ name, file, find, replace }) => {
    const times = readFileSync(path.join(root, ENGINE, file), 'utf8').split(find).length - 1
    return [
      ...(times === 1 ? [] : [`${name}: its text occurs ${times} times in ${file}, not once`]),
      ...(find === replace ? [`${name}: changes nothing`] : []),
    ]
  })
  if (problems.length > 0) stop(problems.join('\n'))
}

/** `mutants/player.mjs`, ready for its first order. */
async function startPlayer() {
  const player = fork(path.join(root, 'scripts/mutants/player.mjs'), [root], {
    cwd: root,
    stdio: ['ignore', 2, 2, 'ipc'],
  })
  player.on('exit', () => ending || stop('a process that plays mutants ended by itself'))
  await once(player, 'message')
  return player
}

/** How that test ended: `passed`, `failed`, or another word where it did not run at all. */
async function play(player, file, title, mutant = null) {
  player.send({ file, title, mutant })
  const [result] = await once(player, 'message')
  return result
}

/** Each player takes the next item; results in the order of the items. */
async function inTurns(items, work) {
  const results = []
  let next = 0
  await Promise.all(
    players.map(async (player) => {
      while (next < items.length) {
        const i = next++
        results[i] = await work(player, items[i])
      }
    }),
  )
  return results
}

function seconds(since) {
  return ((performance.now() - since) / 1000).toFixed(1)
}

function stop(message) {
  process.stderr.write(`${message}\n`)
  process.exit(2)
}
