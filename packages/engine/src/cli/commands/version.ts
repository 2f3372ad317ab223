import { readFileSync } from 'node:fs'
import type { Command } from '../command.ts'

/** The same two steps up from the sources and from the build. */
const MANIFEST = new URL('../../../package.json', import.meta.url)

export function ownVersion(): string {
  const { version } = JSON.parse(readFileSync(MANIFEST, 'utf8')) as { readonly version: string }
  return version
}

export const version: Command = async (context) => {
  const document = { tidemark: ownVersion(), node: process.versions.node }
  context.answer(document, () => `tidemark ${document.tidemark} (Node ${document.node})\n`)
  return 0
}
