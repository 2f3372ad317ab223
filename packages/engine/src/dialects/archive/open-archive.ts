/** The kinds of connection that archives go to. A process that archives nothing loads none of them. */
import { resolve } from 'node:path'
import { AppError } from '../../runtime/app-error.ts'
import { Secret } from '../../runtime/secret.ts'
import type { ArchiveStore } from './archive-store.ts'

/** Of a connection, with its references opened. */
type Options = Readonly<Record<string, unknown>>

interface ArchiveKind {
  /** Nothing is reached yet. */
  open(options: Options, projectDir: string): Promise<ArchiveStore>
}

const KINDS: Readonly<Record<string, ArchiveKind>> = {
  files: {
    open: async (options, projectDir) =>
      (await import('./folder-store.ts')).openFolderStore(resolve(projectDir, text(options, 'path') ?? '')),
  },
  postgres: {
    open: async (options) => (await import('./postgres-store.ts')).openPostgresStore(options),
  },
  s3: {
    open: async (options) => (await import('./s3-store.ts')).openS3Store(bucketOf(options)),
  },
}

export async function openArchive(kind: string, options: Options, projectDir: string): Promise<ArchiveStore> {
  const found = Object.hasOwn(KINDS, kind) ? KINDS[kind] : undefined
  if (found === undefined)
    throw new AppError('TM1019', `an archive in a ${kind} connection: one of ${Object.keys(KINDS).join(', ')}`)
  return await found.open(options, projectDir)
}

function text(options: Options, name: string): string | null {
  const value = options[name]
  return typeof value === 'string' && value !== '' ? value : null
}

const DEFAULT_REGION = 'us-east-1'

export function bucketOf(options: Options) {
  const required = (name: string): string => {
    const value = text(options, name)
    if (value === null) throw new AppError('TM1011', `an s3 connection needs ${name}`)
    return value
  }
  const region = text(options, 'region') ?? DEFAULT_REGION
  const token = text(options, 'session_token')
  const endpoint = text(options, 'endpoint') ?? `https://s3.${region}.amazonaws.com`
  if (!/^https?:\/\/[^/?#\s@]+\/?$/.test(endpoint))
    throw new AppError('TM1011', 'endpoint of an s3 connection: https://HOST or http://HOST:PORT')
  return {
    bucket: required('bucket'),
    endpoint,
    region,
    prefix: text(options, 'prefix') ?? '',
    accessKey: new Secret(required('access_key')),
    secretKey: new Secret(required('secret_key')),
    sessionToken: token === null ? null : new Secret(token),
  }
}
