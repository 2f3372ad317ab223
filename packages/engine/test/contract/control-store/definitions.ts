import { expect } from 'vitest'
import type { CatalogChange } from '../../../src/control/control-store.ts'
import { BY, expectCode, FLOW, type It, NORTH, type World } from './store-world.ts'

const CONNECTION = {
  id: 'lake',
  kind: 'duckdb',
  options: '{"path":"data/lake.duckdb"}',
  deployed: '{"kind":"duckdb","options":{"path":"data/lake.duckdb"}}',
}
const MODULE = {
  id: 'shop',
  description: 'Orders',
  schedule: '{"cron":"0 2 * * SUN","timezone":"Europe/London"}',
  isActive: true,
  deployed: '{"description":"Orders"}',
}
const TASK = {
  module: 'shop',
  id: 'orders',
  executionOrder: 2,
  type: 'flow',
  sourceConfig: '{"connection":"lake","table":"orders"}',
  targetConfig: '{"connection":"lake","table":"copy"}',
  transformationConfig: '{"key":["id"]}',
  isActive: true,
  deployed: '{"type":"flow"}',
  version: null,
}
const ALL: CatalogChange = {
  connections: [{ ...CONNECTION, was: null }],
  modules: [{ ...MODULE, was: null }],
  tasks: [TASK],
}
const EMPTY: CatalogChange = { connections: [], modules: [], tasks: [] }

const history = (w: World) =>
  w.sql('select version, action, changed_by, before, after from task_history order by seq') as Promise<
    readonly { version: number; action: string; changed_by: string; before: string | null; after: string | null }[]
  >

export function catalogContract(it: It): void {
  it('what is deployed comes back, and the history says who did it', async (w) => {
    await w.store.catalog.deploy(ALL, BY)
    const rows = await w.store.catalog.read()
    expect(rows.connections).toEqual([CONNECTION])
    expect(rows.modules).toEqual([MODULE])
    expect(rows.tasks).toMatchObject([{ ...TASK, version: 1, updatedBy: 'ann' }])
    expect(await history(w)).toMatchObject([{ version: 1, action: 'insert', changed_by: 'ann', before: null }])
    const [entry] = await w.ledger.listAudit(9)
    expect(entry).toMatchObject({ actor: 'ann', action: 'deploy', reason: 'because', before: null })
    expect(JSON.parse(entry?.after ?? '')).toEqual(['connection lake', 'module shop', 'task shop.orders'])
  })

  it('deploy writes only what differs, and nothing is audited where nothing does', async (w) => {
    await w.store.catalog.deploy(ALL, BY)
    const same = { connections: [{ ...CONNECTION, was: CONNECTION }], modules: [{ ...MODULE, was: MODULE }], tasks: [] }
    await w.store.catalog.deploy(same, { ...BY, actor: 'bob' })
    await w.store.catalog.deploy(EMPTY, BY)
    expect(await w.ledger.listAudit(9)).toHaveLength(1)
    await w.store.catalog.deploy(
      { ...EMPTY, tasks: [{ ...TASK, version: 1, executionOrder: 5 }] },
      { ...BY, actor: 'bob' },
    )
    expect((await w.store.catalog.read()).tasks).toMatchObject([{ executionOrder: 5, version: 2, updatedBy: 'bob' }])
    expect((await w.store.catalog.read()).connections).toEqual([CONNECTION])
  })

  it('what a deploy notes of its own is written to rows that it leaves as they are', async (w) => {
    await w.sql(`insert into connection (id, kind, options) values ('lake', 'duckdb', '{"path":"by-hand"}')`)
    await w.sql(`insert into module (id, is_active) values ('shop', 0)`)
    const rows = await w.store.catalog.read()
    const [connection, module] = [rows.connections[0], rows.modules[0]]
    if (connection === undefined || module === undefined) throw new Error('both were inserted')
    expect([connection.deployed, module.deployed]).toEqual([null, null])
    const noted: CatalogChange = {
      connections: [{ ...connection, deployed: '{"kind":"duckdb"}', was: connection }],
      modules: [{ ...module, deployed: '{"is_active":true}', was: module }],
      tasks: [],
    }
    await w.store.catalog.deploy(noted, BY)
    expect(await w.store.catalog.read()).toEqual({
      connections: [{ ...connection, deployed: '{"kind":"duckdb"}' }],
      modules: [{ ...module, deployed: '{"is_active":true}' }],
      tasks: [],
    })
    expect(await w.ledger.listAudit(9)).toHaveLength(1)
  })

  it('deploy refuses a task that changed since it was read, and writes nothing', async (w) => {
    await w.store.catalog.deploy(ALL, BY)
    const other = { ...CONNECTION, id: 'inbox', was: null }
    const change = (version: number | null): CatalogChange => ({
      ...EMPTY,
      connections: [other],
      tasks: [{ ...TASK, version, type: 'sql_query' }],
    })
    await w.sql(`update task set is_active = 0`)
    await expectCode(w.store.catalog.deploy(change(1), BY), 'TM3010')
    await expectCode(w.store.catalog.deploy(change(null), BY), 'TM3010')
    expect((await w.store.catalog.read()).connections).toEqual([CONNECTION])
    await w.store.catalog.deploy(change(2), BY)
    expect((await w.store.catalog.read()).tasks).toMatchObject([{ type: 'sql_query', version: 3 }])
  })

  it('deploy refuses a connection or module that changed since it was read, and writes nothing', async (w) => {
    await w.store.catalog.deploy(ALL, BY)
    const read = await w.store.catalog.read()
    const connection = (was: typeof CONNECTION | null): CatalogChange => ({
      ...EMPTY,
      connections: [{ ...CONNECTION, options: '{"path":"from the YAML"}', was }],
    })
    const module = (was: typeof MODULE | null): CatalogChange => ({
      ...EMPTY,
      modules: [{ ...MODULE, description: 'from the YAML', was }],
    })
    await w.sql(`update connection set options = '{"path":"by hand"}'`)
    await w.sql(`update module set schedule = null`)
    const edited = await w.store.catalog.read()
    expect(edited).not.toEqual(read)
    for (const change of [connection(CONNECTION), connection(null), module(MODULE), module(null)])
      await expectCode(w.store.catalog.deploy(change, BY), 'TM3010')
    expect(await w.store.catalog.read()).toEqual(edited)
    await w.store.catalog.deploy(connection({ ...CONNECTION, options: '{"path":"by hand"}' }), BY)
    expect((await w.store.catalog.read()).connections).toMatchObject([{ options: '{"path":"from the YAML"}' }])
  })

  it('a plain update counts the version and is history, with the author where one is named', async (w) => {
    await w.store.catalog.deploy(ALL, BY)
    await w.sql(`update task set is_active = 0 where id = 'orders'`)
    await w.sql(`update task set execution_order = 7, updated_by = 'carol' where id = 'orders'`)
    await w.sql(`update task set execution_order = 8, updated_by = 'carol' where id = 'orders'`)
    await w.sql(`update task set execution_order = 9 where id = 'orders'`)
    expect((await history(w)).map((h) => `${h.version} ${h.action} ${h.changed_by}`)).toEqual([
      '1 insert ann',
      '2 update sql',
      '3 update carol',
      '4 update carol',
      '5 update sql',
    ])
    const switched = (await history(w))[1]
    expect(JSON.parse(switched?.before ?? '')).toMatchObject({ is_active: true, source_config: { table: 'orders' } })
    expect(JSON.parse(switched?.after ?? '')).toMatchObject({ is_active: false, execution_order: 2 })
    const [task] = (await w.store.catalog.read()).tasks
    expect(task).toMatchObject({ version: 5, updatedBy: 'sql', executionOrder: 9, isActive: false })
  })

  it('rows of every table can be changed by an upsert, which names its author or nobody', async (w) => {
    await w.store.catalog.deploy(ALL, BY)
    await w.store.catalog.deploy(
      {
        ...EMPTY,
        connections: [{ ...CONNECTION, options: '{"path":"b"}', was: CONNECTION }],
        modules: [{ ...MODULE, isActive: false, was: MODULE }],
      },
      { ...BY, actor: 'bob' },
    )
    const orders = { key: { module: 'shop', id: 'orders' }, rest: { updated_by: 'carol' } }
    await w.harness.upsert('task', { ...orders, set: { type: 'sql_query', updated_by: 'carol' } })
    await w.harness.upsert('module', { key: { id: 'shop' }, rest: {}, set: { description: 'Sales' } })
    const by = async (table: string) => (await w.sql(`select version, updated_by from ${table}`))[0]
    expect(await by('connection')).toEqual({ version: 2, updated_by: 'bob' })
    expect(await by('module')).toEqual({ version: 3, updated_by: 'sql' })
    expect(await by('task')).toEqual({ version: 2, updated_by: 'carol' })
    expect(await w.sql('select version, changed_by from module_history order by seq')).toEqual([
      { version: 1, changed_by: 'ann' },
      { version: 2, changed_by: 'bob' },
      { version: 3, changed_by: 'sql' },
    ])
  })

  it('an update that changes nothing is no version, and names nobody for the next one', async (w) => {
    await w.store.catalog.deploy(ALL, BY)
    await w.sql(`update task set is_active = is_active, updated_by = 'carol'`)
    expect(await history(w)).toHaveLength(1)
    await w.sql(`update task set is_active = 0`)
    expect((await history(w)).at(-1)).toMatchObject({ version: 2, changed_by: 'sql' })
  })

  it('one statement over many tasks is one version of each', async (w) => {
    await w.store.catalog.deploy({ ...ALL, tasks: [TASK, { ...TASK, id: 'items' }] }, BY)
    await w.sql(`update task set is_active = 0, updated_by = 'carol'`)
    expect((await w.store.catalog.read()).tasks).toMatchObject([
      { id: 'items', version: 2, updatedBy: 'carol' },
      { id: 'orders', version: 2, updatedBy: 'carol' },
    ])
    expect(await history(w)).toHaveLength(4)
  })

  it('a task that is deleted and made again goes on counting', async (w) => {
    await w.store.catalog.deploy(ALL, BY)
    await w.sql(`update task set is_active = 0`)
    await w.sql(`delete from task`)
    await w.sql(`insert into task (module, id, source_config) values ('shop', 'orders', '{"table":"b"}')`)
    expect((await history(w)).map((h) => `${h.version} ${h.action} ${h.changed_by}`)).toEqual([
      '1 insert ann',
      '2 update sql',
      '2 delete sql',
      '3 insert sql',
    ])
    expect((await history(w))[2]).toMatchObject({ after: null })
    expect((await w.store.catalog.read()).tasks).toMatchObject([
      { version: 3, type: 'flow', executionOrder: 1, isActive: true, deployed: null },
    ])
  })

  it('tasks that one statement moves to another module keep their versions and histories apart', async (w) => {
    await w.store.catalog.deploy({ ...ALL, tasks: [TASK, { ...TASK, id: 'items', executionOrder: 7 }] }, BY)
    await w.sql(`insert into module (id) values ('store')`)
    await w.sql(`update task set module = 'store', updated_by = 'carol'`)
    expect((await w.store.catalog.read()).tasks).toMatchObject([
      { module: 'store', id: 'orders', version: 2, executionOrder: 2, updatedBy: 'carol' },
      { module: 'store', id: 'items', version: 2, executionOrder: 7, updatedBy: 'carol' },
    ])
    const moved = (await history(w)).filter((h) => h.action === 'update')
    const ids = moved.map((h) =>
      [h.before, h.after].map((row) => JSON.parse(row ?? '') as { module: string; id: string }),
    )
    expect(ids.map(([a, b]) => `${a?.module}.${a?.id} ${b?.module}.${b?.id}`).toSorted()).toEqual([
      'shop.items store.items',
      'shop.orders store.orders',
    ])
  })

  it('a description is another one by a blank at its end too, and an update of no row is none', async (w) => {
    await w.store.catalog.deploy(ALL, BY)
    await w.sql(`update module set description = 'Orders '`)
    await w.sql(`update module set description = 'none' where id = 'nowhere'`)
    await w.sql(`delete from task where id = 'nowhere'`)
    expect(await w.sql('select version, description from module')).toEqual([{ version: 2, description: 'Orders ' }])
    expect(await w.sql('select version from module_history order by seq')).toEqual([{ version: 1 }, { version: 2 }])
    const was = { ...MODULE, was: MODULE }
    await expectCode(w.store.catalog.deploy({ ...EMPTY, modules: [{ ...was, isActive: false }] }, BY), 'TM3010')
  })

  it('a renamed task keeps its version, and the history has both names', async (w) => {
    await w.store.catalog.deploy(ALL, BY)
    await w.sql(`update task set id = 'sales'`)
    expect((await w.store.catalog.read()).tasks).toMatchObject([{ id: 'sales', version: 2 }])
    const last = (await history(w)).at(-1)
    expect(JSON.parse(last?.before ?? '')).toMatchObject({ id: 'orders' })
    expect(JSON.parse(last?.after ?? '')).toMatchObject({ id: 'sales' })
  })

  it('a version only grows', async (w) => {
    await w.store.catalog.deploy(ALL, BY)
    await w.sql(`update task set is_active = 0`)
    await expect(w.sql(`update task set version = 1`)).rejects.toThrow('version only grows')
    await w.sql(`update task set version = 9, is_active = 1`)
    expect((await w.store.catalog.read()).tasks).toMatchObject([{ version: 9 }])
  })

  it('modules and connections have a history too', async (w) => {
    await w.store.catalog.deploy(ALL, BY)
    await w.sql(`update module set is_active = 0, updated_by = 'carol'`)
    await w.sql(`update connection set options = '{"path":"b"}'`)
    const modules = await w.sql('select version, action, changed_by from module_history order by seq')
    expect(modules).toEqual([
      { version: 1, action: 'insert', changed_by: 'ann' },
      { version: 2, action: 'update', changed_by: 'carol' },
    ])
    const [, changed] = await w.sql('select id, before, after from connection_history order by seq')
    const { id, kind } = CONNECTION
    const deployed = JSON.parse(CONNECTION.deployed)
    expect(JSON.parse(String(changed?.['before']))).toEqual({
      id,
      kind,
      options: { path: 'data/lake.duckdb' },
      deployed,
    })
    expect(JSON.parse(String(changed?.['after']))).toEqual({ id, kind, options: { path: 'b' }, deployed })
    expect(await w.sql('select version, updated_by from module')).toEqual([{ version: 2, updated_by: 'carol' }])
  })

  it('rows that no definition can have are refused by the tables', async (w) => {
    await w.store.catalog.deploy(ALL, BY)
    await expect(w.sql(`insert into task (module, id) values ('shop', '1st')`)).rejects.toThrow(/constraint/i)
    await expect(w.sql(`insert into task (module, id) values ('shop', 'a b')`)).rejects.toThrow(/constraint/i)
    await expect(w.sql(`insert into task (module, id) values ('nowhere', 'a')`)).rejects.toThrow(/constraint/i)
    await expect(w.sql(`update task set source_config = 'table: orders'`)).rejects.toThrow(/constraint|type json/i)
    await expect(w.sql(`update task set source_config = '[1]'`)).rejects.toThrow(/constraint/i)
    await expect(w.sql(`update task set is_active = 2`)).rejects.toThrow(/constraint/i)
    await expect(w.sql(`delete from module`)).rejects.toThrow(/constraint/i)
  })

  it('the tables refuse states that do not exist', async (w) => {
    const token = await w.lease()
    const id = await w.running(token)
    for (const table of ['run', 'step', 'batch']) {
      await expect(w.sql(`update ${table} set state = 'paused'`)).rejects.toThrow(/constraint/i)
    }
    await expect(w.sql(`update run set state = 'superseded'`)).rejects.toThrow(/constraint/i)
    expect(await w.ledger.getRun(id)).toMatchObject({ state: 'running' })
  })

  it('the views show what ran and how fresh each flow is', async (w) => {
    await w.store.catalog.deploy(ALL, BY)
    const token = await w.lease()
    const id = await w.settled(token, '20', null)
    const failed = await w.running(token, 2, NORTH)
    await w.ledger.endRun(failed, token, { state: 'failed', reason: null, error: { code: 'TM5001', message: 'no' } })
    expect(await w.sql('select run, state, batches, error_code from run_summary order by state')).toEqual([
      { run: failed, state: 'failed', batches: '0/2', error_code: 'TM5001' },
      { run: id, state: 'succeeded', batches: '1/1', error_code: null },
    ])
    expect(
      await w.sql('select flow, scope, position, last_run, last_state, held_by from freshness order by scope'),
    ).toEqual([
      {
        flow: FLOW,
        scope: NORTH,
        position: null,
        last_run: failed,
        last_state: 'failed',
        held_by: 'ann@box (pid 4711)',
      },
      { flow: FLOW, scope: '{}', position: '20', last_run: id, last_state: 'succeeded', held_by: 'ann@box (pid 4711)' },
    ])
  })
}
