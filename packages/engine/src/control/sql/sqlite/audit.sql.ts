import { count } from '../decode.ts'
import { decodeAudit } from '../decode-rows.ts'
import type { AuditStatements } from '../statements.ts'

export const sqliteAudit: AuditStatements = {
  insert: ({ action, subject, by, before, after }) => ({
    text: `insert into audit (actor, command, action, subject, reason, before, after)
           values (?1, ?2, ?3, ?4, ?5, ?6, ?7) returning id`,
    params: [by.actor, by.command, action, subject, by.reason, before, after],
    decode: (raw) => count(raw, 'id'),
  }),
  list: ({ limit }) => ({
    text: 'select at, actor, action, subject, reason, before, after from audit order by id desc limit ?1',
    params: [limit],
    decode: decodeAudit,
  }),
}
