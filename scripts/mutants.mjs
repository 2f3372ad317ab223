/**
 * `npm run test:mutants`: switches off one safeguard at a time, in memory, and expects the named test to fail: in the
 * test's own process, for one that it starts reads the sources as they are. A mutant that survives means that nothing
 * holds its safeguard. `-- WORD …` plays only mutants whose name has one of the words.
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

const words = process.argv.slice(2)
const chosen = MUTANTS.filter((m) => words.length === 0 || words.some((w) => m.name.includes(w)))
if (chosen.length === 0) stop(`no mutant has one of the words ${words.join(', ')} in its name`)
const startedAt = performance.now()
let ending = false
checkTable()

const players = await Promise.all(Array.from({ length: PLAYERS }, startPlayer))

const unchanged = await inTurns(byFile(chosen), async (player, [file, titles]) => {
  const { missing, output } = await play(player, file, titles)
  return missing.length === 0 ? null : `${missing.map((title) => `${file}: ${title}`).join('\n')}\n${output}`
})
const broken = unchanged.filter((problem) => problem !== null)
if (broken.length > 0) stop(`these do not pass with every safeguard on:\n${broken.join('\n')}`)
process.stdout.write(`${chosen.length} mutants; their tests pass with every safeguard on (${seconds(startedAt)} s)\n\n`)

const width = Math.max(...chosen.map((m) => m.name.length))
const results = await inTurns(chosen, async (player, mutant) => {
  const at = performance.now()
  const { failed, output } = await play(player, mutant.test[0], [mutant.test[1]], mutant)
  const killed = failed.length === 1
  process.stdout.write(
    `${killed ? 'killed  ' : 'SURVIVED'} ${mutant.name.padEnd(width)}  ${seconds(at).padStart(4)} s  ${mutant.test[1]}\n`,
  )
  if (!killed) process.stdout.write(`${output}\n`)
  return killed
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

async function play(player, file, titles, mutant = null) {
  player.send({ file, titles, mutant })
  const [{ tests, output }] = await once(player, 'message')
  const withState = (state) => titles.filter((title) => tests.some((t) => t.title === title && t.state === state))
  const passed = withState('passed')
  return { failed: withState('failed'), missing: titles.filter((title) => !passed.includes(title)), output }
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

function byFile(mutants) {
  const files = new Map()
  for (const {
    test: [file, title],
  } of mutants)
    files.set(file, [...new Set([...(files.get(file) ?? []), title])])
  return [...files]
}

function seconds(since) {
  return ((performance.now() - since) / 1000).toFixed(1)
}

function stop(message) {
  process.stderr.write(`${message}\n`)
  process.exit(2)
}
