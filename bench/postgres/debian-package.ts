/** Programs that the bench asks for by their Debian package. */
import { spawnSync } from 'node:child_process'

/** Whether the program can be started; Debian's own say their version. */
export const isThere = (program: string): boolean => spawnSync(program, ['--version']).error === undefined

/** Installs the package where the user may; false: it could not be had. */
export function install(name: string, say: (text: string) => void): boolean {
  if (process.getuid?.() !== 0 || !isThere('apt-get')) return false
  say(`  installing ${name}`)
  return apt('install', name) || (apt('update') && apt('install', name))
}

const apt = (...args: readonly string[]): boolean =>
  spawnSync('env', ['DEBIAN_FRONTEND=noninteractive', 'apt-get', '-qq', '-y', ...args], { stdio: 'ignore' }).status ===
  0
