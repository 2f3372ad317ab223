/**
 * `npm run lock`: adds to package-lock.json the binaries of other platforms that a partial registry mirror left out, so
 * that `npm ci` accepts the file there and a clone on those platforms gets its binaries. Run it after every `npm install`.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const file = path.join(path.dirname(path.dirname(fileURLToPath(import.meta.url))), 'package-lock.json')
const lock = JSON.parse(readFileSync(file, 'utf8'))
const OS = /\b(aix|android|darwin|freebsd|linux|netbsd|openbsd|openharmony|sunos|win32)\b/
const CPU = /\b(arm64|arm|ia32|loong64|mips64el|ppc64|riscv64|s390x|x64)\b/
const LIBC = { musl: 'musl', musleabihf: 'musl', gnu: 'glibc', gnueabihf: 'glibc' }

const added = []
for (const [at, parent] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(parent.optionalDependencies ?? {})) {
    const place = `node_modules/${name}`
    if (place in lock.packages || `${at}/${place}` in lock.packages) continue
    const os = OS.exec(name)?.[1]
    const cpu = CPU.exec(name)?.[1]
    if (!os || !cpu || !/^\d+\.\d+\.\d+/.test(version)) {
      throw new Error(`${name}@${version} is missing in package-lock.json and does not look like a platform's binary`)
    }
    const libc = LIBC[name.split('-').at(-1)]
    lock.packages[place] = {
      version,
      cpu: [cpu],
      ...(parent.dev ? { dev: true } : {}),
      ...(libc ? { libc: [libc] } : {}),
      optional: true,
      os: [os],
    }
    added.push(`${name}@${version}`)
  }
}
if (added.length > 0) {
  lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => a.localeCompare(b, 'en')))
  writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`)
}
process.stdout.write(added.length === 0 ? 'package-lock.json is complete\n' : `added:\n  ${added.join('\n  ')}\n`)
