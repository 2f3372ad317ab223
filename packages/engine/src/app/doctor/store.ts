/** The control store as a file or database of its own: there, sound, up to date, writable. */
import { bytes } from './bytes.ts'
import { type Check, fail, ok, warn } from './check.ts'
import type { StoreStanding } from '../../control/store-standing.ts'

const BIG_WAL = 256 * 1024 ** 2

export function checkStore(standing: StoreStanding): readonly Check[] {
  const { location, exists, version, known, damage, mending, refusesWrites, walBytes } = standing
  const checks: Check[] = []
  if (!exists) checks.push(ok('store', location, 'not made yet: the first run makes it, or tidemark migrate'))
  else if (version < known)
    checks.push(
      warn(
        'store',
        location,
        `schema ${version}, this program has ${known}: the next command that writes brings it up to date`,
        'tidemark migrate --print-sql   shows what it will do',
        'tidemark migrate   does it now',
      ),
    )
  else checks.push(ok('store', location, `schema ${version}, up to date`))
  if (damage.length > 0)
    checks.push(
      fail(
        'store-integrity',
        location,
        `damaged: ${damage.slice(0, 3).join('; ')}${damage.length > 3 ? ` and ${damage.length - 3} more` : ''}`,
        ...(mending === ''
          ? []
          : ['tidemark migrate --print-sql   prints the statements that put back what holds no rows; run them']),
        'restore it from a backup; then tidemark doctor   says which flows to load again',
      ),
    )
  else if (exists) checks.push(ok('store-integrity', location, 'its own check finds nothing wrong'))
  if (refusesWrites !== null)
    checks.push(
      fail('store-writable', location, refusesWrites, 'give the user that runs tidemark the right to write there'),
    )
  if (walBytes !== null && walBytes > BIG_WAL)
    checks.push(
      warn(
        'store-wal',
        `${location}-wal`,
        `${bytes(walBytes)} wait to be moved into the main file: a program that reads it for long keeps them back`,
        'end programs that hold the file open; the next command moves them',
      ),
    )
  return checks
}
