/**
 * A process that plays tests of the sources with, or without, one text of theirs replaced: `mutants.mjs` starts some and
 * sends each an order at a time. The replacement stands in memory alone, so that the next one costs one transformed file,
 * and the servers that tests need are started once.
 */
import path from 'node:path'
import process from 'node:process'
import { createVitest } from 'vitest/node'

const root = process.argv[2]
const at = (file) => path.join(root, 'packages/engine', file)

/** What is switched off now: { file, find, replace }; null with every safeguard on. */
let mutant = null

const switchedOff = {
  name: 'mutant',
  enforce: 'pre',
  transform: (text, id) =>
    mutant !== null && id === at(mutant.file)
      ? { code: text.split(mutant.find).join(mutant.replace), map: null }
      : null,
}

const vitest = await createVitest(
  'test',
  // what is transformed is kept in memory: a cache of files does not know the replacement
  {
    root,
    watch: true,
    project: ['fast', 'semantics', 'live', 'workers', 'e2e'],
    reporters: [{}],
    maxWorkers: 1,
    fsModuleCache: false,
  },
  { plugins: [switchedOff] },
)
await vitest.standalone()

/** Plays the one test of that title, under every parameter that it has. */
async function play(order) {
  mutant = order.mutant
  if (mutant !== null) vitest.invalidateFile(at(mutant.file))
  try {
    vitest.setGlobalTestNamePattern(new RegExp(`${RegExp.escape(order.title)}$`))
    const run = await vitest.runTestSpecifications(vitest.getModuleSpecifications(at(order.file)))
    return told(order.title, run)
  } finally {
    if (mutant !== null) vitest.invalidateFile(at(mutant.file))
    mutant = null
  }
}

function told(title, { testModules, unhandledErrors }) {
  const tests = testModules.flatMap((m) => [...m.children.allTests()]).filter((test) => test.name === title)
  const states = tests.map((test) => test.result().state)
  const errors = [
    ...testModules.flatMap((m) => m.errors()),
    ...tests.flatMap((test) => test.result().errors ?? []),
    ...unhandledErrors,
  ]
  return {
    state: states.includes('failed') ? 'failed' : (states[0] ?? 'missing'),
    output: errors.map((error) => error.stack ?? error.message ?? String(error)).join('\n'),
  }
}

process.on('message', (order) => void play(order).then((result) => process.send(result)))
process.on('disconnect', () => void vitest.exit(true))
process.send('ready')
