/** `npm run build`: compiles contract, then engine (it reads contract's declarations), into their `dist`. */
import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, rmSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)))
const tsc = path.join(root, 'node_modules', 'typescript', 'bin', 'tsc')

for (const name of ['contract', 'engine']) {
  const folder = path.join(root, 'packages', name)
  rmSync(path.join(folder, 'dist'), { recursive: true, force: true })
  const { status } = spawnSync(process.execPath, [tsc, '--project', path.join(folder, 'tsconfig.build.json')], {
    stdio: 'inherit',
  })
  if (status !== 0) process.exit(status ?? 1)
  // what a reader of the tarball expects beside the code
  copyFileSync(path.join(root, 'LICENSE'), path.join(folder, 'LICENSE'))
}
const readme = path.join(root, 'README.md')
if (existsSync(readme)) copyFileSync(readme, path.join(root, 'packages', 'engine', 'README.md'))
