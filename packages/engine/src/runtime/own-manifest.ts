import { readFileSync } from 'node:fs'

export interface Manifest {
  readonly version: string
  readonly engines: { readonly node: string }
}

/** The same two steps up from the sources and from the build. */
const PLACE = new URL('../../package.json', import.meta.url)

export const ownManifest = (): Manifest => JSON.parse(readFileSync(PLACE, 'utf8')) as Manifest
