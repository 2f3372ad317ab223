/** pandas in a virtual environment of the bench's own. */
import { spawnSync } from 'node:child_process'
import path from 'node:path'

const PACKAGES = ['pandas', 'pyarrow']

/** The Python that has it, or why there is none. */
export function obtainPandas(dir: string, say: (text: string) => void): { readonly python: string } | string {
  say('  installing pandas')
  const venv = path.join(dir, 'venv')
  const python = path.join(venv, 'bin', 'python')
  for (const [program, ...args] of [
    ['python3', '-m', 'venv', venv],
    [python, '-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...PACKAGES],
  ] as const) {
    const { error, status, stderr } = spawnSync(program, args, {
      encoding: 'utf8',
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    if (error !== undefined) return `${path.basename(program)} cannot be started`
    if (status !== 0) return stderr.trim().split('\n').at(-1) ?? `exit ${status}`
  }
  return { python }
}
