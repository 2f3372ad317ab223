/** A manifest as the text that lies beside its file. */
import { ArchiveManifest } from '@tidemark/contract/archive-manifest'
import { AppError } from '../../runtime/app-error.ts'
import { type ArchiveName, archiveText } from './archive-store.ts'

export const manifestText = (manifest: ArchiveManifest): string => `${JSON.stringify(manifest, null, 2)}\n`

/** Throws TM6203 where it is none. */
export function parseManifest(text: string, name: ArchiveName, location: string): ArchiveManifest {
  const parsed = ArchiveManifest.safeParse(parsedOrNull(text))
  if (parsed.success) return parsed.data
  throw new AppError('TM6203', `the manifest of ${archiveText(name)} in ${location} is none of this version's`)
}

function parsedOrNull(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return null
    throw error
  }
}
