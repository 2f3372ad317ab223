/** Disks and the folder for temporary files. Nothing is written to find out. */
import { accessSync, constants, existsSync, readdirSync, statfsSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parseRunId } from '@tidemark/contract/ids'
import { UNFINISHED_RUN_STATES } from '@tidemark/contract/states'
import type { ControlStore } from '../../control/control-store.ts'
import { bytes } from './bytes.ts'
import { type Check, fail, ok, warn } from './check.ts'

/** less is said */
const LITTLE = 1024 ** 3
/** less does not hold a batch */
const TOO_LITTLE = 64 * 1024 ** 2

export interface Place {
  readonly name: string
  readonly path: string
}

function existing(path: string): string {
  let at = path
  while (!existsSync(at) && at !== dirname(at)) at = dirname(at)
  return at
}

/** One check a disk, naming what lies on it. */
export function checkRoom(places: readonly Place[]): readonly Check[] {
  const disks = Map.groupBy(places, ({ path }) => statSync(existing(path)).dev)
  return [...disks.values()].map((on) => {
    const { bavail, bsize } = statfsSync(existing(on[0]?.path ?? '/'))
    return judgeRoom(on.map(({ name }) => name).join(', '), bavail * bsize)
  })
}

export function judgeRoom(names: string, free: number): Check {
  const detail = `${bytes(free)} free`
  if (free >= LITTLE) return ok('room', names, detail)
  const judged = free < TOO_LITTLE ? fail : warn
  return judged('room', names, detail, 'free room on this disk, or move engine.temp to another one')
}

export function checkTemp(dir: string): Check {
  const at = existing(dir)
  try {
    if (!statSync(at).isDirectory()) return fail('temp', dir, `${at} is a file`, 'mend engine.temp in tidemark.yaml')
    accessSync(at, constants.W_OK)
    return ok('temp', dir, at === dir ? 'can be written' : 'not made yet; it can be')
  } catch (error) {
    const why = `${at} cannot be written (${(error as NodeJS.ErrnoException).code})`
    return fail('temp', dir, why, 'give the user that runs tidemark the right to write there, or mend engine.temp')
  }
}

/** Captured keys and spilled rows of runs that are over: the next run removes what it knows, the rest is said. */
export async function checkWorkFiles(dir: string, store: ControlStore, atWork: boolean): Promise<readonly Check[]> {
  if (!existsSync(dir) || !statSync(dir).isDirectory()) return []
  const names = readdirSync(dir)
  const over: string[] = []
  const unknown: string[] = []
  for (const name of names) {
    const id = /^(r-[0-9a-hjkmnp-tv-z]{5})\b/.exec(name)?.[1]
    const run = id === undefined ? null : await store.ledger.findRun(parseRunId(id))
    if (run === null) unknown.push(name)
    else if (!(UNFINISHED_RUN_STATES as readonly string[]).includes(run.state)) over.push(name)
  }
  const size = (files: readonly string[]): string =>
    bytes(files.reduce((n, name) => n + (statSync(join(dir, name), { throwIfNoEntry: false })?.size ?? 0), 0))
  const checks: Check[] = []
  if (over.length > 0 && !atWork)
    checks.push(
      warn(
        'work-files',
        dir,
        `${over.join(', ')} (${size(over)}) of runs that are over`,
        'the next tidemark run removes them',
      ),
    )
  if (unknown.length > 0 && !atWork)
    checks.push(
      warn(
        'work-files',
        dir,
        `${unknown.join(', ')} (${size(unknown)}) belong to no run of this ledger`,
        'remove them by hand while nothing runs',
      ),
    )
  return checks.length > 0 ? checks : [ok('work-files', dir, 'nothing is left over')]
}
