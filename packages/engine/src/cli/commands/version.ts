import { ownManifest } from '../../runtime/own-manifest.ts'
import type { Command } from '../command.ts'

export const version: Command = async (context) => {
  const document = { tidemark: ownManifest().version, node: process.versions.node }
  context.answer(document, () => `tidemark ${document.tidemark} (Node ${document.node})\n`)
  return 0
}
