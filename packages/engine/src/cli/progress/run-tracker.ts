import type { EngineEvent } from '@tidemark/contract/events'

export interface TrackedStep {
  readonly name: string
  rows: bigint
}

export interface TrackedRun {
  readonly run: string
  readonly flow: string
  readonly scope: string
  readonly resumed: boolean
  readonly initial: boolean
  readonly startedMs: number
  steps: TrackedStep[]
  /** null: not captured yet */
  batches: number | null
  /** batches that are in, those of earlier attempts included */
  done: number
  /** of this attempt */
  doneNow: number
  rows: bigint
  bytes: bigint
  capturedMs: number
  ended: boolean
}

export interface Pace {
  /** 0 to 1; null: not captured yet */
  readonly part: number | null
  /** the same in whole percent, rounded down: 100 is said when it is so */
  readonly percent: number
  readonly rowsPerSecond: number | null
  readonly leftMs: number | null
}

const STEADY_MS = 1_000

/** What the runs of one command have reached, told from the engine's events alone. Bars and log lines read it. */
export class RunTracker {
  readonly #runs = new Map<string, TrackedRun>()
  readonly #watermarks: { readonly flow: string; readonly scope: string; readonly to: string }[] = []
  /** run, or flow where none was begun → what its error says to do */
  readonly #remedies = new Map<string, readonly string[]>()
  #ended = 0

  /** Applies one event; returns the run it is about, where that is known. */
  apply(e: EngineEvent, nowMs: number): TrackedRun | null {
    switch (e.event) {
      case 'run:planned': {
        const { run, flow, scope, resumed, after } = e
        const tracked: TrackedRun = {
          run,
          flow,
          scope,
          resumed,
          initial: after === null,
          startedMs: nowMs,
          steps: [],
          batches: null,
          done: 0,
          doneNow: 0,
          rows: 0n,
          bytes: 0n,
          capturedMs: nowMs,
          ended: false,
        }
        this.#runs.set(run, tracked)
        return tracked
      }
      case 'run:captured':
        return this.#update(e.run, (run) => {
          run.batches = e.batches
          run.done = e.done
          run.capturedMs = nowMs
        })
      case 'step:started':
        return this.#update(e.run, (run) => {
          if (run.steps.at(-1)?.name !== e.step) run.steps.push({ name: e.step, rows: 0n })
        })
      case 'batch:committed':
        return this.#update(e.run, (run) => {
          run.done += 1
          run.doneNow += 1
          run.rows += e.rows
          run.bytes += e.bytes
          const step = run.steps.find((s) => s.name === e.step)
          if (step !== undefined) step.rows += e.rows
        })
      case 'run:ended':
        this.#ended += 1
        if (e.remedy.length > 0) this.#remedies.set(e.run ?? e.flow, e.remedy)
        return e.run === null
          ? null
          : this.#update(e.run, (run) => {
              run.ended = true
            })
      case 'watermark:advanced':
        if (e.to !== null && e.to !== e.from) this.#watermarks.push({ flow: e.flow, scope: e.scope, to: e.to })
        return null
      case 'batch:retry':
        return this.#runs.get(e.run) ?? null
      case 'worker:joined':
      case 'worker:waiting':
      case 'worker:left':
      case 'batch:claimed':
      case 'lease:waiting':
      case 'lease:lost':
      case 'file:waiting':
      case 'run:remarked':
        return null
    }
  }

  get active(): readonly TrackedRun[] {
    return [...this.#runs.values()].filter((run) => !run.ended)
  }

  get ended(): number {
    return this.#ended
  }

  get watermarks(): readonly { readonly flow: string; readonly scope: string; readonly to: string }[] {
    return this.#watermarks
  }

  /** What to do about the error of this run; null: the registry's page. */
  remedyOf({ run, flow }: { readonly run: string | null; readonly flow: string }): readonly string[] | null {
    return this.#remedies.get(run ?? flow) ?? null
  }

  find(run: string | null): TrackedRun | null {
    return run === null ? null : (this.#runs.get(run) ?? null)
  }

  #update(id: string, change: (run: TrackedRun) => void): TrackedRun | null {
    const run = this.#runs.get(id) ?? null
    if (run !== null) change(run)
    return run
  }
}

/** Rates are said once they mean something: after a second, and two batches of this attempt. */
export function paceOf(run: TrackedRun, nowMs: number): Pace {
  const elapsed = nowMs - run.capturedMs
  const steady = elapsed >= STEADY_MS && run.doneNow >= 2
  const left = run.batches === null ? null : Math.max(0, run.batches - run.done)
  const percent =
    run.batches === null ? 0 : run.batches === 0 ? 100 : Math.min(100, Math.floor((run.done * 100) / run.batches))
  return {
    part: run.batches === null ? null : run.batches === 0 ? 1 : Math.min(1, run.done / run.batches),
    percent,
    rowsPerSecond: steady ? Number(run.rows) / (elapsed / 1000) : null,
    leftMs: steady && left !== null && left > 0 ? (elapsed / run.doneNow) * left : null,
  }
}
