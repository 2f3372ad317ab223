/**
 * `npm run demo`, `bench` and `example`, and `npm test` in a fresh clone: installs what is missing, then runs the command
 * under the pinned Node. Plain JavaScript for Node 20, because it runs before the pinned one is there.
 */
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)))
const inRoot = (...parts) => path.join(root, ...parts)

/** name → what the pinned Node runs; further arguments of the user follow */
const COMMANDS = {
  // where the user stands, so that `--files DIR` may be relative
  demo: { cwd: process.env.INIT_CWD ?? root, args: [inRoot('packages/engine/bin/tidemark.js'), 'demo'] },
  bench: {
    cwd: process.env.INIT_CWD ?? root,
    args: ['--conditions=tidemark-source', inRoot('bench/main.ts')],
  },
  example: {
    cwd: process.env.INIT_CWD ?? root,
    args: ['--conditions=tidemark-source', inRoot('examples/play/main.ts')],
  },
  test: { cwd: root, args: [inRoot('node_modules/vitest/vitest.mjs'), 'run', '--project', 'fast'] },
}

const [name = '', ...rest] = process.argv.slice(2)
if (!Object.hasOwn(COMMANDS, name))
  stop(`usage: node scripts/with-deps.mjs ${Object.keys(COMMANDS).join(' | ')} [ARGUMENTS]`)

if (!isInstalled()) install()
const { cwd, args } = COMMANDS[name]
run(findNode(), [...args, ...rest], cwd)

/** True when every package of the lock file is there in its version. Optional ones belong to other platforms, mostly. */
function isInstalled() {
  const done = inRoot('node_modules', '.package-lock.json')
  if (!existsSync(done)) return false // npm writes it last: an interrupted install has none
  const there = readPackages(done)
  return Object.entries(readPackages(inRoot('package-lock.json'))).every(
    ([place, wanted]) =>
      !place.startsWith('node_modules/') || wanted.optional || wanted.link || there[place]?.version === wanted.version,
  )
}

function readPackages(file) {
  return JSON.parse(readFileSync(file, 'utf8')).packages
}

function install() {
  process.stderr.write('Installing dependencies (once; this can take a minute) …\n')
  const npm = process.env.npm_execpath
  const args = ['ci', '--no-audit', '--no-fund', '--loglevel=error']
  const done = npm?.endsWith('.js')
    ? spawnSync(process.execPath, [npm, ...args], { cwd: root, encoding: 'utf8' })
    : spawnSync('npm', args, { cwd: root, encoding: 'utf8', shell: process.platform === 'win32' })
  if (done.status !== 0) {
    process.stderr.write(`${done.stdout ?? ''}${done.stderr ?? ''}${done.error?.message ?? ''}`)
    stop('npm ci failed (see above). Mend the cause, then run the same command again.', 1)
  }
}

/** The pinned Node of the package `node`, or the running one where it is new enough. */
function findNode() {
  const { version } = readPackages(inRoot('package-lock.json'))['node_modules/node']
  for (const file of ['node', 'node.exe']) {
    const pinned = inRoot('node_modules', 'node', 'bin', file)
    if (existsSync(pinned)) return pinned
  }
  if (Number.parseInt(process.versions.node, 10) >= Number.parseInt(version, 10)) return process.execPath
  return stop(
    `Node ${version} was not installed: npm was not allowed to run the install script of the package "node".\n` +
      'Run: npm rebuild node --ignore-scripts=false\nthen the same command again; or use a Node of that version or newer.',
  )
}

function run(file, args, cwd) {
  const child = spawn(file, args, { stdio: 'inherit', cwd })
  // A terminal sends ^C to the child too, which decides what to do; the exit code is the child's.
  process.on('SIGINT', () => {})
  process.on('SIGTERM', () => child.kill('SIGTERM'))
  child.on('error', (error) => stop(`cannot start ${file}: ${error.message}`))
  child.on('exit', (code, signal) => {
    process.exitCode = signal === null ? code : 1
  })
}

function stop(message, code = 2) {
  process.stderr.write(`${message}\n`)
  process.exit(code)
}
