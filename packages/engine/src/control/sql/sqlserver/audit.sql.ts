import { count } from '../decode.ts'
import { decodeAudit } from '../decode-rows.ts'
import type { AuditStatements } from '../statements.ts'
import { bigint } from './sql-parts.ts'

export const sqlServerAudit: AuditStatements = {
  insert: ({ action, subject, by, before, after }) => ({
    text: `insert into tidemark.audit (actor, command, action, subject, reason, [before], [after])
           output inserted.id values (@p1, @p2, @p3, @p4, @p5, @p6, @p7)`,
    params: [by.actor, by.command, action, subject, by.reason, before, after],
    decode: (raw) => count(raw, 'id'),
  }),
  list: ({ limit }) => ({
    text: `select top (${bigint(1)}) [at], actor, action, subject, reason, [before], [after]
             from tidemark.audit order by id desc`,
    params: [limit],
    decode: decodeAudit,
  }),
}
