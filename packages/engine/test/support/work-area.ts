import type { Bench, WorkArea } from '../../src/dialects/contract.ts'

/** Of a bench that captures keys. */
export function keysOf({ work }: Bench): WorkArea {
  if (!work.capturesKeys) throw new TypeError('this bench captures no keys')
  return work
}
