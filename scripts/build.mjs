/**
 * `npm run build`: contract is compiled as it is; engine is put into few files with what it needs of zod, yaml, commander and
 * DuckDB's JavaScript, because a process that starts every few minutes pays for each file that it opens. Declarations are
 * TypeScript's, each beside its place in the sources.
 */
import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { rolldown } from 'rolldown'

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)))
const tsc = path.join(root, 'node_modules', 'typescript', 'bin', 'tsc')
const packageOf = (name) => path.join(root, 'packages', name)

compile('contract')
compile('engine', '--emitDeclarationOnly')
await bundleEngine()
const readme = path.join(root, 'README.md')
if (existsSync(readme)) copyFileSync(readme, path.join(packageOf('engine'), 'README.md'))

function compile(name, ...options) {
  const folder = packageOf(name)
  rmSync(path.join(folder, 'dist'), { recursive: true, force: true })
  const project = path.join(folder, 'tsconfig.build.json')
  const { status } = spawnSync(process.execPath, [tsc, '--project', project, ...options], { stdio: 'inherit' })
  if (status !== 0) process.exit(status ?? 1)
  // what a reader of the tarball expects beside the code
  copyFileSync(path.join(root, 'LICENSE'), path.join(folder, 'LICENSE'))
}

async function bundleEngine() {
  const folder = packageOf('engine')
  const { dependencies } = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'))
  const { ['@tidemark/contract']: _ours, ...installed } = dependencies
  const bundle = await rolldown({
    input: { 'cli/main': path.join(folder, 'src/cli/main.ts'), index: path.join(folder, 'src/index.ts') },
    external: Object.keys(installed),
    platform: 'node',
    resolve: { conditionNames: ['tidemark-source', 'node', 'import', 'module-sync', 'default'] },
    logLevel: 'warn',
  })
  const { output } = await bundle.write({
    dir: path.join(folder, 'dist'),
    format: 'esm',
    // two steps below the package, as all sources are
    chunkFileNames: 'parts/[name]-[hash].js',
  })
  await bundle.close()
  const others = new Set(output.flatMap(({ moduleIds = [] }) => moduleIds.flatMap((id) => packageWith(id) ?? [])))
  writeFileSync(
    path.join(folder, 'dist', 'LICENSES-OF-OTHERS.txt'),
    [...others]
      .sort((a, b) => a.localeCompare(b))
      .map(licenceOf)
      .join('\n'),
  )
}

/** The folder of the installed package that a file belongs to; null: it is ours. */
function packageWith(file) {
  return /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file.replaceAll('\\', '/'))?.[0] ?? null
}

/** Their licences ask that their text comes along. */
function licenceOf(folder) {
  const { name, version } = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'))
  const file = readdirSync(folder).find((entry) => /^licen[cs]e(\.|$)/i.test(entry))
  if (file === undefined) throw new Error(`${name} is copied into the build and has no licence text`)
  return `=== ${name} ${version}\n\n${readFileSync(path.join(folder, file), 'utf8').trimEnd()}\n`
}
