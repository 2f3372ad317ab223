/** `psql`: the client of the references, and of the harness itself, which makes its data inside the server. */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { Missing } from '../result.ts'
import { install, isThere } from './debian-package.ts'

const PACKAGE = 'postgresql-client'

export function needPsql(say: (text: string) => void): void {
  if (isThere('psql') || (install(PACKAGE, say) && isThere('psql'))) return
  throw new Missing(`psql, the client of PostgreSQL (Debian package ${PACKAGE})`)
}

/** no ~/.psqlrc, values alone, and the first error ends it */
const OPTIONS = ['-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1']

/** Each statement in a transaction of its own; what they answer, as text. */
export function psql(url: string, ...statements: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync('psql', [...OPTIONS, '-d', url, ...commands(statements)], {
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(`psql: ${stderr.trim()}`)
  return stdout.trim()
}

const commands = (statements: readonly string[]): readonly string[] => statements.flatMap((text) => ['-c', text])

export interface CopyOut {
  readonly url: string
  readonly copyToStdout: string
}

export interface CopyIn {
  readonly url: string
  /** one session; one of them is `COPY … FROM STDIN` */
  readonly statements: readonly string[]
}

/** `psql -c "COPY … TO STDOUT" | psql -c "COPY … FROM STDIN"`, joined by the shell: no byte passes through Node. */
export const copyAcross = (from: CopyOut, to: CopyIn): Promise<void> =>
  shell('out=$1 sql=$2 in=$3; shift 3; PSQL -d "$out" -c "$sql" | PSQL -d "$in" "$@"', [
    from.url,
    from.copyToStdout,
    to.url,
    ...commands(to.statements),
  ])

export const copyToFile = (from: CopyOut, file: string): Promise<void> =>
  shell('PSQL -d "$1" -c "$2" > "$3"', [from.url, from.copyToStdout, file])

export const copyFromFile = (file: string, to: CopyIn): Promise<void> =>
  shell('file=$1 in=$2; shift 2; PSQL -d "$in" "$@" < "$file"', [file, to.url, ...commands(to.statements)])

/** A shell knows the end of its last program alone: what any of them says is an error too. */
async function shell(text: string, args: readonly string[]): Promise<void> {
  const child = spawn('sh', ['-c', text.replaceAll('PSQL', `psql ${OPTIONS.join(' ')}`), 'sh', ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let err = ''
  child.stderr.setEncoding('utf8').on('data', (said: string) => (err += said))
  await once(child, 'close')
  if (child.exitCode !== 0 || err !== '') throw new Error(`psql: exit ${child.exitCode} ${err.trim()}`)
}
