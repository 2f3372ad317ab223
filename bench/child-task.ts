/** One measurement in a process of its own, so that its memory is its own and no cache of another helps it. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'

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
    { stdio: ['ignore', 'pipe', 'pipe'] },
  )
  let [out, err] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text))
  await once(child, 'close')
  if (child.exitCode !== 0) throw new Error(`${path.basename(file)} ${task}: ${err.trim()}`)
  const { seconds, rssMb } = JSON.parse(out) as Omit<Measured, 'startUpMs'>
  return { seconds, rssMb, startUpMs: performance.now() - startedAt - seconds * 1_000 }
}

/** ours, reference, ours, … : whatever the machine does meanwhile, it does to both. */
export async function alternately(
  runs: number,
  ours: () => Promise<Measured>,
  reference: () => Promise<Measured>,
  say: (text: string) => void,
): Promise<{ readonly ours: readonly Measured[]; readonly reference: readonly Measured[] }> {
  const measured: { readonly ours: Measured[]; readonly reference: Measured[] } = { ours: [], reference: [] }
  for (let n = 1; n <= runs; n++) {
    const [a, b] = [await ours(), await reference()]
    measured.ours.push(a)
    measured.reference.push(b)
    say(
      `  ${n} of ${runs}: ours ${a.seconds.toFixed(2)} s, reference ${b.seconds.toFixed(2)} s, ours at most ${Math.round(a.rssMb)} MB`,
    )
  }
  return measured
}
