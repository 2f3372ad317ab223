import { readConfig } from '../runtime/config.ts'
import type { Io } from './io.ts'

const DEFAULT_COLUMNS = 100
const SHOW_CURSOR = '\u001B[?25h'

export function processIo(): Io {
  return {
    stdout: process.stdout,
    stderr: process.stderr,
    stdin: process.stdin,
    configOf: (projectDir) => readConfig(projectDir),
    isTty: {
      stdin: process.stdin.isTTY === true,
      stdout: process.stdout.isTTY === true,
      stderr: process.stderr.isTTY === true,
    },
    columns: () => process.stdout.columns ?? process.stderr.columns ?? DEFAULT_COLUMNS,
    cwd: process.cwd(),
    now: () => Temporal.Now.instant(),
    zone: Temporal.Now.timeZoneId(),
    onStop: (listener) => {
      process.on('SIGINT', listener)
      process.on('SIGTERM', listener)
      return () => {
        process.off('SIGINT', listener)
        process.off('SIGTERM', listener)
      }
    },
    exit: (code) => {
      if (process.stderr.isTTY === true) process.stderr.write(SHOW_CURSOR) // progress bars hide it
      process.exit(code)
    },
  }
}
