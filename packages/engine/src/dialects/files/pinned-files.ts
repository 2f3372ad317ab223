/** The files that a table's name stands for, as they are on disk at one moment. */
import { existsSync, globSync, readdirSync, statSync } from 'node:fs'
import { relative, resolve, sep } from 'node:path'
import type { TableName } from '@tidemark/contract/flow'
import { AppError } from '../../runtime/app-error.ts'
import type { FileFormat, FilesOptions } from './options.ts'

export interface PinnedFile {
  readonly path: string
  readonly size: bigint
  /** changes when the file is replaced, cut, or written again */
  readonly state: string
}

export interface PinnedTable {
  /** as the flow names it */
  readonly text: string
  readonly format: FileFormat
  /** in the order of their paths, at least one */
  readonly files: readonly PinnedFile[]
}

const EXTENSIONS: Readonly<Record<string, FileFormat>> = { parquet: 'parquet', csv: 'csv', tsv: 'csv', txt: 'csv' }

/** `orders.csv` was read as two parts. */
export const pathText = (table: TableName): string => table.join('.')

/** Throws TM2006 where there is none, TM2007 where they are of two formats. */
export function pinTable(options: FilesOptions, table: TableName): PinnedTable {
  const text = pathText(table)
  const files = filesOf(options, text)
  if (files.length === 0) throw noFile(options, text)
  const formats = new Map(files.map((f) => [formatOf(options, f.path), f.path]))
  const [first, second] = [...formats]
  if (second !== undefined || first === undefined)
    throw new AppError('TM2007', `${text}: ${[...formats].map(([f, path]) => `${path} is ${f}`).join(', ')}`)
  return { text, format: first[0], files }
}

/** No file may be missing between two looks, so a folder that cannot be read is an error of its own. */
export function filesOf({ folder, format }: FilesOptions, text: string): readonly PinnedFile[] {
  if (!existsSync(folder)) throw new AppError('TM2001', `${folder} does not exist`)
  const named = resolve(folder, text)
  if (relative(folder, named).split(sep)[0] === '..') throw new AppError('TM4001', `${text} is not below ${folder}`)
  const isFolder = statSync(named, { throwIfNoEntry: false })?.isDirectory() ?? false
  const paths = isFolder
    ? globSync(`*.${format ?? '{parquet,csv,csv.gz}'}`, { cwd: named }).map((name) => resolve(named, name))
    : existsSync(named)
      ? [named]
      : globSync(text, { cwd: folder }).map((name) => resolve(folder, name))
  return paths.sort().flatMap((path) => {
    const s = statSync(path, { bigint: true, throwIfNoEntry: false })
    return s?.isFile() ? [{ path, size: s.size, state: `${s.ino}:${s.size}:${s.mtimeNs}` }] : []
  })
}

function formatOf({ format }: FilesOptions, path: string): FileFormat {
  const known = format ?? EXTENSIONS[/\.([a-z]+)(?:\.(?:gz|zst))?$/i.exec(path)?.[1]?.toLowerCase() ?? '']
  if (known) return known
  throw new AppError('TM2007', `${path}: nothing says whether it is Parquet or CSV`, {
    remedy: ['connections: { …: { format: csv } }   says it for all files of the connection'],
  })
}

const SHOWN = 5

function noFile({ folder }: FilesOptions, text: string): AppError {
  const there = readdirSync(folder).sort()
  const more = there.length > SHOWN ? `, and ${there.length - SHOWN} more` : ''
  const what = there.length === 0 ? 'the folder is empty' : `there is ${there.slice(0, SHOWN).join(', ')}${more}`
  return new AppError('TM2006', `${text} in ${folder}: ${what}`)
}

/** What differs between two looks at one table, in words; null: nothing. */
export function difference(before: readonly PinnedFile[], now: readonly PinnedFile[]): string | null {
  const states = new Map(now.map((f) => [f.path, f.state]))
  for (const f of before) {
    const state = states.get(f.path)
    if (state === undefined) return `${f.path} is gone`
    if (state !== f.state) return `${f.path} was changed`
    states.delete(f.path)
  }
  const [added] = states.keys()
  return added === undefined ? null : `${added} came`
}
