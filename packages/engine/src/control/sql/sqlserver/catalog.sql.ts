import type { ConnectionRow, ModuleRow } from '../../control-store.ts'
import { decodeConnection, decodeModule, decodeTask } from '../decode-rows.ts'
import type { CatalogStatements, DeployedTask } from '../statements.ts'
import { attempt, bigint, DONE, int, KEEPING_PLACE, same, telling } from './sql-parts.ts'

/** Version, updated_at and history are the triggers' work; `updated_by` is named, so they take it. */
export const sqlServerCatalog: CatalogStatements = {
  connections: () => ({
    text: 'select id, kind, options, deployed from tidemark.connection order by id',
    params: [],
    decode: decodeConnection,
  }),
  modules: () => ({
    text: 'select id, description, schedule, is_active, deployed from tidemark.module order by id',
    params: [],
    decode: decodeModule,
  }),
  tasks: () => ({
    text: `select module, id, execution_order, type, source_config, target_config, transformation_config, is_active,
                  version, updated_at, updated_by, deployed
             from tidemark.task order by module, execution_order, id`,
    params: [],
    decode: decodeTask,
  }),

  putConnection: ({ row: { was, ...row }, by }) =>
    was === null
      ? attempt(
          telling(`insert into tidemark.connection (id, kind, options, deployed, updated_by) ${DONE}
                   select @p1, @p2, @p3, @p4, @p5
                    where not exists (select 1 from tidemark.connection ${KEEPING_PLACE} where id = @p1)`),
          [...connectionParams(row), by],
        )
      : attempt(
          telling(`update tidemark.connection set kind = @p2, options = @p3, deployed = @p4, updated_by = @p5 ${DONE}
                    where id = @p1 and ${same('kind', 6)} and ${same('options', 7)} and ${same('deployed', 8)}`),
          [...connectionParams(row), by, ...connectionParams(was).slice(1)],
        ),
  putModule: ({ row: { was, ...row }, by }) =>
    was === null
      ? attempt(
          telling(`insert into tidemark.module (id, description, schedule, is_active, deployed, updated_by) ${DONE}
                   select @p1, @p2, @p3, ${int(4)}, @p5, @p6
                    where not exists (select 1 from tidemark.module ${KEEPING_PLACE} where id = @p1)`),
          [...moduleParams(row), by],
        )
      : attempt(
          telling(`update tidemark.module
                      set description = @p2, schedule = @p3, is_active = ${int(4)}, deployed = @p5, updated_by = @p6 ${DONE}
                    where id = @p1 and ${same('description', 7)} and ${same('schedule', 8)}
                      and is_active = ${int(9)} and ${same('deployed', 10)}`),
          [...moduleParams(row), by, ...moduleParams(was).slice(1)],
        ),
  insertTask: ({ row, by }) =>
    attempt(
      telling(`insert into tidemark.task (module, id, execution_order, type, source_config, target_config,
                                          transformation_config, is_active, deployed, updated_by) ${DONE}
               select @p1, @p2, ${int(3)}, @p4, @p5, @p6, @p7, ${int(8)}, @p9, @p10
                where not exists (select 1 from tidemark.task ${KEEPING_PLACE} where module = @p1 and id = @p2)`),
      [...taskParams(row), by],
    ),
  updateTask: ({ row, version, by }) =>
    attempt(
      telling(`update tidemark.task
                  set execution_order = ${int(3)}, type = @p4, source_config = @p5, target_config = @p6,
                      transformation_config = @p7, is_active = ${int(8)}, deployed = @p9, updated_by = @p10 ${DONE}
                where module = @p1 and id = @p2 and version = ${bigint(11)}`),
      [...taskParams(row), by, version],
    ),
}

const connectionParams = (row: ConnectionRow) => [row.id, row.kind, row.options, row.deployed]
const moduleParams = (row: ModuleRow) => [row.id, row.description, row.schedule, Number(row.isActive), row.deployed]

const taskParams = (row: DeployedTask) => [
  row.module,
  row.id,
  row.executionOrder,
  row.type,
  row.sourceConfig,
  row.targetConfig,
  row.transformationConfig,
  Number(row.isActive),
  row.deployed,
]
