/** Python for tests: that of TIDEMARK_TEST_PYTHON, where a virtual environment has pyarrow, or the machine's own. */
import { spawnSync } from 'node:child_process'
import path from 'node:path'

const PYTHON = process.env['TIDEMARK_TEST_PYTHON'] ?? 'python3'
const can = (code: string): boolean => spawnSync(PYTHON, ['-c', code]).status === 0

export const HAS_PYTHON = can('pass')
export const HAS_PYARROW = HAS_PYTHON && can('import pyarrow')

/** What a script of `test/python` prints; throws with what it complained of. */
export function python(script: string, ...args: readonly string[]): string {
  const file = path.join(import.meta.dirname, '../python', script)
  const { status, stdout, stderr } = spawnSync(PYTHON, [file, ...args], {
    encoding: 'utf8',
    maxBuffer: 2 ** 30,
    env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1' },
  })
  if (status !== 0) throw new Error(`${script}: ${stdout}${stderr}`)
  return stdout
}
