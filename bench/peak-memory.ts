/** The greatest resident memory of this process so far, in MB. */
import { existsSync, readFileSync } from 'node:fs'

const STATUS = '/proc/self/status'

/** Linux counts what the parent had at the fork into `maxRSS` of its child; the kernel's own mark begins at the exec. */
export function peakMemoryMb(): number {
  const mark = existsSync(STATUS) ? /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(STATUS, 'utf8'))?.[1] : undefined
  return (mark === undefined ? process.resourceUsage().maxRSS : Number(mark)) / 1024
}
