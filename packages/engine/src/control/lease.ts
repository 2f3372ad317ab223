import type { LeaseStore } from './control-store.ts'
import { changed, first } from './store-session.ts'
import type { StoreParts } from './store-parts.ts'

/** Each method is one statement: a compare-and-set on token and expiry, judged by the store's clock. */
export const makeLeases = ({ session, sql }: StoreParts): LeaseStore => ({
  acquire: (flow, owner, ttlMs, deadToken) => first(session, sql.lease.acquire({ flow, owner, ttlMs, deadToken })),
  renew: (flow, token, ttlMs) => changed(session, sql.lease.renew({ flow, token, ttlMs })),
  release: (flow, token) => changed(session, sql.lease.release({ flow, token })),
  find: (flow) => first(session, sql.lease.find({ flow })),
  list: () => session.all(sql.lease.list()),
})
