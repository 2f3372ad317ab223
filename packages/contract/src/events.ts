/** Everything the engine ever says while it works. Progress bars, logs and tests listen to the same map. */
import type { FlowId, RunId } from './ids.ts'

export interface EngineEvents {
  'lease:waiting': { flow: FlowId; holder: string; until: string }
  'file:waiting': { path: string; detail: string }
  'run:planned': {
    run: RunId
    flow: FlowId
    scope: string
    resumed: boolean
    lane: string
    after: string | null
    upTo: string | null
    decidedBy: string | null
  }
  /** The capture fixed what this run reads: now the number of batches is known. */
  'run:captured': { run: RunId; flow: FlowId; rows: bigint; batches: number; done: number }
  'step:started': { run: RunId; flow: FlowId; step: string; batches: number }
  'batch:committed': {
    run: RunId
    flow: FlowId
    step: string
    batch: number
    rows: bigint
    bytes: bigint
    alreadyIn: boolean
    ms: number
  }
  'batch:retry': { run: RunId; flow: FlowId; batch: number; attempt: number; code: string; message: string }
  'lease:lost': { flow: FlowId; token: bigint }
  'watermark:advanced': { flow: FlowId; scope: string; from: string | null; to: string | null }
  'run:ended': {
    run: RunId | null
    flow: FlowId
    scope: string
    status: string
    reason: string | null
    inserted: bigint
    updated: bigint
    skipped: bigint
    ms: number
    code: string | null
    /** what to do about this very error; empty where there is none */
    remedy: readonly string[]
  }
}

export type Emit = <K extends keyof EngineEvents>(event: K, fields: EngineEvents[K]) => void
export const silent: Emit = () => {}
