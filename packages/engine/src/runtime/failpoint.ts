/** Every place where dying is interesting, by name. In production `hit` does nothing. */
export const FAILPOINTS = [
  'lease:after',
  'plan:stored',
  'spool:extracted',
  'capture:before-stored',
  'capture:stored',
  'batch:claimed',
  'batch:begun',
  'batch:staged',
  'batch:before-commit',
  'batch:after-commit',
  'batch:recorded',
  'settle:before',
  'settle:swapped',
  'settle:target-done',
  'settle:after',
] as const
/** Those of a capture that keeps snapshots: between image, hot side, spool and ledger. */
export const SNAPSHOT_FAILPOINTS = ['snapshot:image', 'snapshot:built', 'snapshot:spooled', 'snapshot:kept'] as const
/** Those of a snapshot that the target keeps too: before it is there, when it is, and when it is known to be kept. */
export const HOT_FAILPOINTS = ['hot:before', 'hot:written', 'hot:kept'] as const
/** Those of an archive: some of its bytes are there, all of them, its manifest, and it is known to be whole. */
export const ARCHIVE_FAILPOINTS = ['archive:begun', 'archive:file', 'archive:manifest', 'archive:stored'] as const
export type Failpoint =
  | (typeof FAILPOINTS)[number]
  | (typeof SNAPSHOT_FAILPOINTS)[number]
  | (typeof HOT_FAILPOINTS)[number]
  | (typeof ARCHIVE_FAILPOINTS)[number]

/** Awaited, so that a test can hold a worker there while another one goes on. */
export type Hit = (point: Failpoint) => void | Promise<void>
export const neverHit: Hit = () => {}

/** The crash tests' `hit`: dies for real, at the n-th time (`batch:begun:3`), so that files and locks are left as a crash leaves them. */
export function dieAt(wanted: string): Hit {
  const match = /^(.*?)(?::(\d+))?$/.exec(wanted)
  let left = Number(match?.[2] ?? 1)
  return (point) => {
    if (point === match?.[1] && --left === 0) process.kill(process.pid, 'SIGKILL')
  }
}
