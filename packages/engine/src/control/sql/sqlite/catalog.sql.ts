import type { ConnectionRow, ModuleRow } from '../../control-store.ts'
import { decodeConnection, decodeModule, decodeTask } from '../decode-rows.ts'
import type { CatalogStatements, DeployedTask } from '../statements.ts'
import { attempt } from './sql-parts.ts'

/** Version, updated_at and history are the triggers' work; `updated_by` is named, so they take it. */
export const sqliteCatalog: CatalogStatements = {
  connections: () => ({
    text: 'select id, kind, options, deployed from connection order by id',
    params: [],
    decode: decodeConnection,
  }),
  modules: () => ({
    text: 'select id, description, schedule, is_active, deployed from module order by id',
    params: [],
    decode: decodeModule,
  }),
  tasks: () => ({
    text: `select module, id, execution_order, type, source_config, target_config, transformation_config, is_active,
                  version, updated_at, updated_by, deployed
             from task order by module, execution_order, id`,
    params: [],
    decode: decodeTask,
  }),

  putConnection: ({ row: { was, ...row }, by }) =>
    was === null
      ? attempt(
          `insert into connection (id, kind, options, deployed, updated_by) values (?1, ?2, ?3, ?4, ?5)
               on conflict (id) do nothing
           returning 1`,
          [...connectionParams(row), by],
        )
      : attempt(
          `update connection set kind = ?2, options = ?3, deployed = ?4, updated_by = ?5
            where id = ?1 and kind = ?6 and options = ?7 and deployed is ?8
           returning 1`,
          [...connectionParams(row), by, ...connectionParams(was).slice(1)],
        ),
  putModule: ({ row: { was, ...row }, by }) =>
    was === null
      ? attempt(
          `insert into module (id, description, schedule, is_active, deployed, updated_by) values (?1, ?2, ?3, ?4, ?5, ?6)
               on conflict (id) do nothing
           returning 1`,
          [...moduleParams(row), by],
        )
      : attempt(
          `update module set description = ?2, schedule = ?3, is_active = ?4, deployed = ?5, updated_by = ?6
            where id = ?1 and description is ?7 and schedule is ?8 and is_active = ?9 and deployed is ?10
           returning 1`,
          [...moduleParams(row), by, ...moduleParams(was).slice(1)],
        ),
  insertTask: ({ row, by }) =>
    attempt(
      `insert into task (module, id, execution_order, type, source_config, target_config, transformation_config,
                         is_active, deployed, updated_by)
       values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
           on conflict (module, id) do nothing
       returning 1`,
      [...taskParams(row), by],
    ),
  updateTask: ({ row, version, by }) =>
    attempt(
      `update task set execution_order = ?3, type = ?4, source_config = ?5, target_config = ?6,
                       transformation_config = ?7, is_active = ?8, deployed = ?9, updated_by = ?10
        where module = ?1 and id = ?2 and version = ?11
       returning 1`,
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
