/** Runs a property with a seed that is always printed, and gives the counterexample as text for a test in `test/regress`. */
import { randomInt } from 'node:crypto'
import { writeSync } from 'node:fs'
import fc from 'fast-check'

const number = (name: string): number | null => {
  const text = process.env[name]
  return text === undefined || text === '' ? null : Number(text)
}

/** `PBT_RUNS`, `PBT_SEED`, `PBT_PATH` override what is asked for. Throws the report of a counterexample. */
export async function assertProperty<T>(
  name: string,
  runs: number,
  arbitrary: fc.Arbitrary<T>,
  holds: (example: T) => Promise<void>,
): Promise<void> {
  const seed = number('PBT_SEED') ?? randomInt(2 ** 31)
  const numRuns = number('PBT_RUNS') ?? runs
  const path = process.env['PBT_PATH']
  // past the console, which is silent for a test that passes
  writeSync(1, `${name}: ${numRuns} runs, PBT_SEED=${seed}${path ? ` PBT_PATH=${path}` : ''}\n`)
  const details = await fc.check(fc.asyncProperty(arbitrary, holds), { seed, numRuns, ...(path ? { path } : {}) })
  if (!details.failed) return
  const again = `PBT_SEED=${details.seed} PBT_PATH=${details.counterexamplePath ?? ''}`
  throw new Error(
    `${name}: ${again} after ${details.numRuns} runs and ${details.numShrinks} shrinks\n${JSON.stringify(details.counterexample?.[0])}`,
    {
      cause: details.errorInstance,
    },
  )
}
