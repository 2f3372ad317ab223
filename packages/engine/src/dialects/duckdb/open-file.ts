/** Opening the DuckDB files of a bench, with errors translated. */
import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { type DuckdbFile, IN_MEMORY, openDuckdbFile } from '../../drivers/duckdb.ts'
import { AppError } from '../../runtime/app-error.ts'
import type { OpenBench } from '../contract.ts'
import { translate } from './errors.ts'

export const pathOf = (options: Readonly<Record<string, unknown>>): string => {
  const path = options['path']
  if (typeof path !== 'string') throw new AppError('TM1011', 'a duckdb connection needs path')
  return path
}

export async function openFile(
  path: string,
  mode: 'read' | 'write',
  options: Pick<OpenBench, 'limits'>,
): Promise<DuckdbFile> {
  try {
    if (mode === 'write' && path !== IN_MEMORY) mkdirSync(dirname(path), { recursive: true })
    return await openDuckdbFile(path, mode, options.limits)
  } catch (error) {
    throw translate(error, path)
  }
}
