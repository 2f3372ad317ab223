/** One measurement in a process of its own, so that its memory is its own and no cache of another helps it. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { childEnvironment } from '../packages/engine/src/runtime/config.ts'
import { type Result, resultOf } from './result.ts'

export interface Measured {
  /** one number for each thing timed, mostly one */
  readonly seconds: number
  readonly rssMb: number
  readonly startUpMs: number
}

/** Runs an exported function of a file of `benches/` in a child; it answers the seconds that it measured. */
export async function measure(file: string, task: string, given: unknown): Promise<Measured> {
  const startedAt = performance.now()
  const child = spawn(
    process.execPath,
    ['--conditions=tidemark-source', path.join(import.meta.dirname, 'child.ts'), file, task, JSON.stringify(given)],
    { stdio: ['ignore', 'pipe', 'pipe'], env: childEnvironment({ NODE_COMPILE_CACHE: compiled() }) },
  )
  let [out, err] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text))
  await once(child, 'close')
  if (child.exitCode !== 0) throw new Error(`${path.basename(file)} ${task}: ${err.trim()}`)
  const { seconds, rssMb } = JSON.parse(out) as Omit<Measured, 'startUpMs'>
  return { seconds, rssMb, startUpMs: performance.now() - startedAt - seconds * 1_000 }
}

/**
 * Where the children of this process keep compiled code, as the command does: taking the types away would cost one that
 * finds none 30 MB, which no user of the package pays.
 */
function compiled(): string {
  if (cache === null) {
    const made = mkdtempSync(path.join(tmpdir(), 'tidemark-bench-code-'))
    process.on('exit', () => rmSync(made, { recursive: true, force: true }))
    cache = made
  }
  return cache
}
let cache: string | null = null

export type Measurement = () => Promise<Measured>

/**
 * Rounds of all sides, each beginning with another one: whatever the machine does meanwhile, it does to all of them, and
 * one that becomes slower does not count against whoever is always last. The i-th measurements are those of one round.
 */
export async function inTurn<Side extends string>(
  runs: number,
  sides: Readonly<Record<Side, Measurement>>,
  say: (text: string) => void,
): Promise<Readonly<Record<Side, readonly Measured[]>>> {
  const entries = Object.entries<Measurement>(sides) as [Side, Measurement][]
  const measured = Object.fromEntries(entries.map(([side]) => [side, []])) as unknown as Record<Side, Measured[]>
  for (let n = 1; n <= runs; n++) {
    const first = (n - 1) % entries.length
    for (const [side, measurement] of [...entries.slice(first), ...entries.slice(0, first)])
      measured[side].push(await measurement())
    const texts = entries.flatMap(([side]) => {
      const last = measured[side].at(-1)
      return last ? [`${side} ${last.seconds.toFixed(2)} s (${Math.round(last.rssMb)} MB)`] : []
    })
    say(`  ${n} of ${runs}: ${texts.join(', ')}`)
  }
  return measured
}

/** ours, reference, ours, … */
export const alternately = (
  runs: number,
  ours: Measurement,
  reference: Measurement,
  say: (text: string) => void,
): Promise<{ readonly ours: readonly Measured[]; readonly reference: readonly Measured[] }> =>
  inTurn(runs, { ours, reference }, say)

/** A row of seconds, with the greatest memory of ours. */
export const secondsOf = (name: string, ours: readonly Measured[], reference: readonly Measured[]): Result =>
  resultOf(
    name,
    's',
    ours.map((m) => m.seconds),
    reference.map((m) => m.seconds),
    Math.max(...ours.map((m) => m.rssMb)),
  )
