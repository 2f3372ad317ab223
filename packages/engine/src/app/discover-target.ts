import type { ResolvedCatalog } from '../definition/resolve.ts'
import { AppError } from '../runtime/app-error.ts'
import type { DiscoverOptions } from './app.ts'

/** The connection that proposed flows write to; null where it is not clear, and nothing is to be written. */
export function discoverTarget(
  { connections }: ResolvedCatalog,
  { connection, target, write }: DiscoverOptions,
): string | null {
  const others = [...connections.keys()].filter((id) => id !== connection)
  if (target === connection) throw new AppError('TM4022', `${target} is where the tables are`)
  if (target !== null) {
    if (connections.has(target)) return target
    throw new AppError('TM1013', `connection ${target} is not defined; there is ${[...connections.keys()].join(', ')}`)
  }
  const [only, ...more] = others
  if (only !== undefined && more.length === 0) return only
  if (write === null) return null
  throw new AppError('TM4022', only === undefined ? `there is no connection besides ${connection}` : others.join(', '))
}
