/** Safeguards of the ceiling of PostgreSQL; see `table.mjs`. */
const ACTIVITY = 'src/dialects/postgres/activity.sql.ts'
const MOMENT = 'src/dialects/postgres/moment.ts'
const BOUNDS = 'src/dialects/postgres/bounds.ts'
const LOOK = 'src/dialects/postgres/look.ts'
const CEILING = 'test/live/postgres-ceiling.test.ts'
const WATERMARK = 'test/live/postgres-watermark.test.ts'

export const POSTGRES = [
  {
    name: 'postgres ceiling: only transactions that wrote are asked for',
    file: ACTIVITY,
    find: 'WHERE (a.hidden OR a.since IS NOT NULL)',
    replace: 'WHERE (a.hidden OR a.since IS NOT NULL) AND a.backend_xid IS NOT NULL',
    test: [CEILING, 'a transaction that is open and has written nothing yet holds back from its start on'],
  },
  {
    name: 'postgres ceiling: the clock is read after it',
    file: MOMENT,
    find: `  const [clock] = await query(session, now, where, 'TM4019')
  await asking.between()
  const sighting = await sight(session, asking.readOnlyRoles, where)
`,
    replace: `  const sighting = await sight(session, asking.readOnlyRoles, where)
  await asking.between()
  const [clock] = await query(session, now, where, 'TM4019')
`,
    test: [CEILING, 'a transaction that begins between the clock and the ceiling is above the clock anyway'],
  },
  {
    name: 'postgres ceiling: what is prepared is not asked for',
    file: BOUNDS,
    find: 'for (const p of seen.prepared) {',
    replace: 'for (const p of seen.prepared.slice(0, 0)) {',
    test: [CEILING, 'a prepared transaction holds back at the ceiling of the look before it, whatever commits since'],
  },
  {
    name: 'postgres ceiling: what no look came before began when it was prepared',
    file: LOOK,
    find: '  if (earlier === null) return null\n',
    replace: '  if (earlier === null) return prepared.at\n',
    test: [CEILING, 'a prepared transaction that no look came before lets nothing through'],
  },
  {
    name: 'postgres ceiling: a name tells the readers of ours',
    file: ACTIVITY,
    find: 'OR a.pid IN ${readers} OR',
    replace: "OR a.application_name LIKE 'tidemark source%' OR a.pid IN ${readers} OR",
    test: [CEILING, "nobody is taken for a reader of ours by its application's name"],
  },
  {
    name: 'postgres ceiling: a role that is listed as read-only may write',
    file: ACTIVITY,
    find: 'AND (a.backend_xid IS NOT NULL OR NOT (',
    replace: 'AND (NOT (',
    test: [CEILING, 'roles that are listed as read-only hold nothing back until they write'],
  },
  {
    name: 'postgres numbers: the greatest is safe, whoever is open',
    file: MOMENT,
    find: 'const settled = at !== null && !isBusy(sighting, at) && sighting.prepared.length === 0',
    replace: 'const settled = at !== null',
    test: [CEILING, 'a bigserial: a smaller number of a transaction that has no transaction id yet is waited for'],
  },
  {
    name: 'postgres numbers: a newer look takes the place of one that still waits',
    file: BOUNDS,
    find: '  if (pending !== null && !ended(pending.at)) return before\n',
    replace: `  if (pending !== null && !ended(pending.at))
    return { safe: before.safe, pending: seen.number && { value: seen.number.value, at: seen.number.at } }
`,
    test: [
      CEILING,
      'a bigserial: the look that waits is kept while newer transactions begin, until those before it have ended',
    ],
  },
  {
    name: 'postgres: what the ceiling does not see changes no buffer',
    file: 'src/capture/watermark.ts',
    find: 'const buffer = bufferOf(q, moment.relies != null)',
    replace: 'const buffer = bufferOf(q, false)',
    test: [WATERMARK, 'waits five minutes where it sees all, and four hours where it does not'],
  },
]
