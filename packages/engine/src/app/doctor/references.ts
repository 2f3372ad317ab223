/** Secrets: references that do not open, by name and never by value, and files that everybody can read. */
import { existsSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { ResolvedCatalog } from '../../definition/resolve.ts'
import { AppError } from '../../runtime/app-error.ts'
import { openReferences } from '../../runtime/config.ts'
import { type Reference, referencesIn } from '../../runtime/secret.ts'
import type { AppContext } from '../app-context.ts'
import { type Check, fail, ok, warn } from './check.ts'

const READ_BY_OTHERS = 0o004
const WRITTEN_BY_OTHERS = 0o022

export interface Referring {
  readonly project: Pick<AppContext['project'], 'dir' | 'controlUrl'>
  readonly config: AppContext['config']
}

export function checkReferences(
  ctx: Referring,
  catalog: Pick<ResolvedCatalog, 'connections' | 'flows'> | null,
): readonly Check[] {
  const used = new Map<string, { readonly reference: Reference; readonly by: Set<string> }>()
  const note = (text: string, by: string): void => {
    for (const reference of referencesIn(text)) {
      const name = `${reference.from}:${reference.name}`
      const known = used.get(name) ?? { reference, by: new Set() }
      known.by.add(by)
      used.set(name, known)
    }
  }
  note(ctx.project.controlUrl, 'control')
  for (const { id, options } of catalog?.connections.values() ?? [])
    for (const text of textsIn(options)) note(text, `connection ${id}`)
  for (const { id, columns } of catalog?.flows ?? [])
    for (const mask of Object.values(columns.mask)) if (mask.kind === 'hash') note(mask.key, `a mask of ${id}`)

  const checks: Check[] = []
  const files = new Set([join(ctx.project.dir, '.env')])
  for (const [name, { reference, by }] of used) {
    const users = [...by].join(', ')
    try {
      openReferences(name, ctx.config, ctx.project.dir)
      checks.push(ok('reference', name, `opens; used by ${users}`))
    } catch (error) {
      if (!(error instanceof AppError)) throw error
      checks.push(fail('reference', name, `${error.detail}; used by ${users}`, ...error.remedy))
    }
    if (reference.from === 'file') files.add(resolve(ctx.project.dir, reference.name))
  }
  return [...checks, ...[...files].flatMap(checkSecretFile)]
}

/** Where permissions mean something: not on Windows. */
function checkSecretFile(file: string): readonly Check[] {
  if (process.platform === 'win32' || !existsSync(file)) return []
  const { mode } = statSync(file)
  const who = [
    ...((mode & READ_BY_OTHERS) === 0 ? [] : ['read by every user of this machine']),
    ...((mode & WRITTEN_BY_OTHERS) === 0 ? [] : ['written by others than its owner']),
  ]
  if (who.length > 0) return [warn('secret-file', file, `can be ${who.join(' and ')}`, `chmod 600 '${file}'`)]
  return [ok('secret-file', file, 'is not open to others')]
}

function* textsIn(value: unknown): Generator<string> {
  if (typeof value === 'string') yield value
  else if (typeof value === 'object' && value !== null) for (const v of Object.values(value)) yield* textsIn(v)
}
