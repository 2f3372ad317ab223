#!/usr/bin/env node
/**
 * The command `tidemark`. Plain JavaScript that any Node from 18 on can read, so that an older one can be told what to
 * do instead of failing on syntax. In a clone it runs the sources, in an installed package the build.
 */
import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import module from 'node:module'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const NEEDED = 26

if (Number.parseInt(process.versions.node, 10) >= NEEDED) await start()
else runUnderPinnedNode()

async function start() {
  keepCompiledCode()
  // A reader that went away (`tidemark runs | head`) ends the output, not the work: rows keep moving, the exit code stays true.
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error) => {
      if (error.code !== 'EPIPE') throw error
    })
  }
  const source = new URL('../src/cli/main.ts', import.meta.url)
  const fromSource = existsSync(source)
  if (fromSource) useSources()
  const { main } = await import((fromSource ? source : new URL('../dist/cli/main.js', import.meta.url)).href)
  process.exitCode = await main(process.argv.slice(2))
}

/**
 * Compiled code is kept in the user's own cache folder. Node's default is one folder of the shared temp folder: it works
 * for whoever came first, and who owns it decides what runs. NODE_COMPILE_CACHE and NODE_DISABLE_COMPILE_CACHE go first.
 */
function keepCompiledCode() {
  const { status } = module.enableCompileCache(path.join(userCacheFolder(), 'tidemark', 'compiled'))
  if (status === module.constants.compileCacheStatus.FAILED) module.enableCompileCache()
}

function userCacheFolder() {
  const { XDG_CACHE_HOME, LOCALAPPDATA } = process.env
  if (process.platform === 'win32' && LOCALAPPDATA) return LOCALAPPDATA
  if (XDG_CACHE_HOME && path.isAbsolute(XDG_CACHE_HOME)) return XDG_CACHE_HOME
  return process.platform === 'darwin'
    ? path.join(homeFolder(), 'Library', 'Caches')
    : path.join(homeFolder(), '.cache')
}

/** A container may run under a number that has no name, hence no home. */
function homeFolder() {
  try {
    return os.homedir()
  } catch {
    return os.tmpdir()
  }
}

/** Resolves the workspace's own packages to their TypeScript, as `node --conditions=tidemark-source` would. */
function useSources() {
  module.registerHooks({
    resolve: (specifier, context, next) =>
      next(
        specifier,
        specifier.startsWith('@tidemark/')
          ? { ...context, conditions: ['tidemark-source', ...context.conditions] }
          : context,
      ),
  })
}

/** A Node that npm installed beside us (the package `node`) does the work; without one, say what to do. */
function runUnderPinnedNode() {
  const node = findPinnedNode()
  if (node === null) {
    process.stderr.write(
      `tidemark needs Node ${NEEDED} or newer; this is Node ${process.versions.node}.\n` +
        `  In a clone of the repository:   npm ci, then the same command again\n` +
        `  In a project of your own:       npm install --save-dev node@${NEEDED}, then npx tidemark\n` +
        `  If npm was not allowed to run the install script of "node": npm rebuild node --ignore-scripts=false\n` +
        `  Or install Node ${NEEDED} for the whole machine.\n`,
    )
    process.exitCode = 2
    return
  }
  const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: 'inherit' })
  process.on('SIGTERM', () => child.kill('SIGTERM'))
  process.on('SIGHUP', () => child.kill('SIGHUP'))
  process.on('SIGINT', () => {
    // A terminal sends ^C to both of us; a second one would mean "roll back now".
    if (![process.stdin, process.stdout, process.stderr].some((s) => s.isTTY)) child.kill('SIGINT')
  })
  child.on('error', (error) => {
    process.stderr.write(`tidemark cannot start ${node}: ${error.message}\n`)
    process.exitCode = 2
  })
  child.on('exit', (code, signal) => {
    if (signal === null) {
      process.exitCode = code
      return
    }
    process.removeAllListeners(signal)
    process.kill(process.pid, signal)
  })
}

function findPinnedNode() {
  try {
    const manifest = module.createRequire(import.meta.url).resolve('node/package.json')
    const { version, bin } = JSON.parse(readFileSync(manifest, 'utf8'))
    const node = path.resolve(path.dirname(manifest), bin.node)
    return Number.parseInt(version, 10) >= NEEDED && existsSync(node) ? node : null
  } catch (error) {
    if (error.code === 'MODULE_NOT_FOUND') return null
    throw error
  }
}
