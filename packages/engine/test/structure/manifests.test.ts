import { expect, test } from 'vitest'
import { read } from './repository.ts'

interface Manifest {
  readonly name: string
  readonly version?: string
  readonly dependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
}
interface LockedPackage {
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

const manifest = (folder: string): Manifest => JSON.parse(read(`${folder}package.json`))
const packages = ['packages/contract/', 'packages/engine/', 'packages/console/'].map(manifest)

test('the three packages are released together', () => {
  expect(new Set(packages.map((p) => p.version)).size).toBe(1)
  expect(packages.find((p) => p.name === 'tidemark')?.dependencies?.['@tidemark/contract']).toBe(packages[0]?.version)
})

test('versions of dependencies are exact', () => {
  const loose = [manifest(''), ...packages].flatMap((p) =>
    Object.entries({ ...p.dependencies, ...p.devDependencies })
      .filter(([, version]) => !/^(npm:@?[\w/.-]+@)?\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))
      .map(([name, version]) => `${p.name}: ${name} ${version}`),
  )
  expect(loose).toEqual([])
})

/** A mirror that lacks the binaries of other platforms leaves holes, and then `npm ci` refuses the file: `npm run lock` fills them. */
test('the lock file covers every platform', () => {
  const locked = (JSON.parse(read('package-lock.json')) as { packages: Record<string, LockedPackage> }).packages
  const missing = Object.entries(locked).flatMap(([place, p]) =>
    Object.keys(p.optionalDependencies ?? {}).filter(
      (name) => !(`node_modules/${name}` in locked) && !(`${place}/node_modules/${name}` in locked),
    ),
  )
  expect(missing).toEqual([])
})
