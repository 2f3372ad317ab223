/** Where archives of snapshots are. One contract, kept by a folder, a bucket and a database. */
import type { ArchiveManifest } from '@tidemark/contract/archive-manifest'
import type { Hit } from '../../runtime/failpoint.ts'

export interface ArchiveName {
  readonly flow: string
  readonly snapshot: string
}

export interface ArchiveStore extends AsyncDisposable {
  /** for messages; no secret is in it */
  readonly location: string
  /**
   * The file and then its manifest: whoever dies before has archived nothing, and no half file is ever in its place. What
   * was put under the name before is replaced. Throws TM6203 where the file is not that of the manifest.
   */
  put(manifest: ArchiveManifest, file: string, hit: Hit): Promise<void>
  /** The manifest anew, for an archive whose file stays as it is. Throws TM6202 where there is none. */
  amend(manifest: ArchiveManifest): Promise<void>
  /** Null: not archived, or not to the end. */
  find(name: ArchiveName): Promise<ArchiveManifest | null>
  /** Of the file; null: it is not there. */
  size(name: ArchiveName): Promise<bigint | null>
  /** Piece by piece; throws TM6202 where it is not there. */
  read(name: ArchiveName): AsyncIterable<Uint8Array>
  /** Where there is nothing, it is gone already. */
  remove(name: ArchiveName): Promise<void>
}

export const archiveText = ({ flow, snapshot }: ArchiveName): string => `${snapshot} of ${flow}`
