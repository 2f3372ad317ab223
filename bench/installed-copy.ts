/** Tidemark as an installed package: built, without its sources, which the command would prefer. */
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs'
import path from 'node:path'
import { Missing } from './result.ts'

const ROOT = path.dirname(import.meta.dirname)
const OURS = ['tidemark', '@tidemark']

/** The path of its `bin/tidemark.js`. */
export function installCopy(dir: string): string {
  if (!existsSync(path.join(ROOT, 'node_modules', 'typescript'))) throw new Missing('typescript, to build: run npm ci')
  const build = spawnSync(process.execPath, [path.join(ROOT, 'scripts', 'build.mjs')], { encoding: 'utf8' })
  if (build.status !== 0) throw new Error(`npm run build failed: ${build.stdout}${build.stderr}`)
  const modules = path.join(dir, 'node_modules')
  mkdirSync(path.join(modules, '@tidemark'), { recursive: true })
  for (const name of readdirSync(path.join(ROOT, 'node_modules')))
    if (!OURS.includes(name) && !name.startsWith('.'))
      symlinkSync(path.join(ROOT, 'node_modules', name), path.join(modules, name), 'junction')
  for (const [from, to] of [
    ['engine', 'tidemark'],
    ['contract', '@tidemark/contract'],
  ] as const)
    for (const part of ['package.json', 'bin', 'dist']) {
      const place = path.join(ROOT, 'packages', from, part)
      if (existsSync(place)) cpSync(place, path.join(modules, to, part), { recursive: true })
    }
  return path.join(modules, 'tidemark', 'bin', 'tidemark.js')
}
