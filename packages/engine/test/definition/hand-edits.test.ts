import { expect, test } from 'vitest'
import type { ControlStore } from '../../src/control/control-store.ts'
import { compareDefinitions, deployChange, type DeployChange } from '../../src/definition/difference.ts'
import { BY } from '../contract/control-store/store-world.ts'
import { SqliteHarness } from '../contract/sqlite-harness.ts'
import { flowYaml, loadSound } from './definition-texts.ts'

/** Connections and modules of a real store, edited by plain SQL between two deploys. */

interface Written {
  readonly lake?: string
  /** no flow uses it: of its kind this version has none */
  readonly office?: string
  /** lines of the module above its tasks */
  readonly module?: string
}

const LAKE = '{ kind: duckdb, path: lake.duckdb }'
const OFFICE = '{ kind: databricks, host: here, user: ann }'
const EVERY_NIGHT = 'schedule: { cron: "0 2 * * *", timezone: UTC }'
const EVERY_NOON = 'schedule: { cron: "0 12 * * *", timezone: Europe/London }'
const BY_HAND = `'{"cron":"30 4 * * *","timezone":"UTC"}'`

function rowsOf({ lake = LAKE, office = OFFICE, module = '' }: Written) {
  const project = [
    'project: test',
    'connections:',
    '  shop: { kind: duckdb, path: shop.duckdb }',
    `  lake: ${lake}`,
    `  office: ${office}`,
  ]
  return loadSound([flowYaml().replace('tasks:', `${module}\ntasks:`)], `${project.join('\n')}\n`)
}

class Project implements AsyncDisposable {
  readonly #harness: SqliteHarness
  readonly #store: ControlStore

  private constructor(harness: SqliteHarness, store: ControlStore) {
    this.#harness = harness
    this.#store = store
  }

  static async make(): Promise<Project> {
    const harness = await SqliteHarness.make()
    return new Project(harness, await harness.open())
  }

  async compare(yaml: Written) {
    return compareDefinitions(rowsOf(yaml), await this.#store.catalog.read(), true)
  }

  async deploy(yaml: Written, overwrite = false): Promise<DeployChange> {
    const deploy = deployChange(rowsOf(yaml), await this.#store.catalog.read(), { overwrite, complete: true })
    await this.#store.catalog.deploy(deploy.change, BY)
    return deploy
  }

  async sql(text: string): Promise<void> {
    await this.#harness.sql(text)
  }

  async connection(name: string): Promise<unknown> {
    const { connections } = await this.#store.catalog.read()
    const row = connections.find(({ id }) => id === name)
    return { kind: row?.kind, ...(JSON.parse(row?.options ?? '{}') as object) }
  }

  async module(): Promise<unknown> {
    const { modules } = await this.#store.catalog.read()
    const row = modules[0]
    return { ...row, schedule: JSON.parse(row?.schedule ?? 'null'), deployed: row?.deployed !== null }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#harness[Symbol.asyncDispose]()
  }
}

const PATH_EDITED = `update connection set options = '{"path":"moved.duckdb"}' where id = 'lake'`
const NOTHING = { connections: [], modules: [], tasks: [] }

test('a path of a connection that was edited by SQL stays, and is said', async () => {
  await using project = await Project.make()
  await project.deploy({})
  await project.sql(PATH_EDITED)
  const edited = {
    subject: 'connection lake',
    kind: 'changed',
    fields: [{ path: 'path', from: 'lake.duckdb', to: 'moved.duckdb' }],
  }
  expect(await project.compare({})).toEqual({ undeployed: [], editedByHand: [edited] })
  const { change, written, kept } = await project.deploy({})
  expect({ change, written, kept }).toEqual({ change: NOTHING, written: [], kept: [edited] })
  expect(await project.connection('lake')).toEqual({ kind: 'duckdb', path: 'moved.duckdb' })
})

test('an overwriting deploy takes the connection and the module of the YAML back', async () => {
  await using project = await Project.make()
  await project.deploy({ module: EVERY_NIGHT })
  await project.sql(PATH_EDITED)
  await project.sql(`update module set schedule = ${BY_HAND}, description = 'mine'`)
  const { written, kept } = await project.deploy({ module: EVERY_NIGHT }, true)
  expect(kept).toEqual([])
  expect(written).toEqual([
    {
      subject: 'connection lake',
      kind: 'changed',
      fields: [{ path: 'path', from: 'moved.duckdb', to: 'lake.duckdb' }],
    },
    {
      subject: 'module shop',
      kind: 'changed',
      fields: [
        {
          path: 'schedule',
          from: '{ cron: 30 4 * * *, timezone: UTC }',
          to: '{ cron: 0 2 * * *, timezone: UTC }',
        },
        { path: 'description', from: 'mine', to: null },
      ],
    },
  ])
  expect(await project.connection('lake')).toEqual({ kind: 'duckdb', path: 'lake.duckdb' })
  expect(await project.module()).toMatchObject({ description: null, schedule: { cron: '0 2 * * *' } })
  expect(await project.compare({ module: EVERY_NIGHT })).toEqual({ undeployed: [], editedByHand: [] })
})

test('an option that the YAML changed is deployed beside one that was edited by SQL', async () => {
  await using project = await Project.make()
  await project.deploy({})
  await project.sql(`update connection set options = json_set(options, '$.host', 'there') where id = 'office'`)
  const office = '{ kind: databricks, host: here, user: bob }'
  const { written, kept } = await project.deploy({ office })
  expect(written).toMatchObject([{ fields: [{ path: 'user', from: 'ann', to: 'bob' }] }])
  expect(kept).toMatchObject([{ fields: [{ path: 'host', from: 'here', to: 'there' }] }])
  expect(await project.connection('office')).toEqual({ kind: 'databricks', host: 'there', user: 'bob' })
  expect((await project.compare({ office })).undeployed).toEqual([])
})

test('a connection of another kind is taken or kept whole', async () => {
  await using project = await Project.make()
  await project.deploy({})
  const office = '{ kind: trino, host: db }'
  await project.deploy({ office })
  expect(await project.connection('office')).toEqual({ kind: 'trino', host: 'db' })
  await project.sql(`update connection set options = '{"host":"db2","port":1433}' where id = 'office'`)
  const { kept } = await project.deploy({})
  expect(kept.map(({ fields }) => fields.map(({ path }) => path).toSorted())).toEqual([
    ['host', 'kind', 'port', 'user'],
  ])
  expect(await project.connection('office')).toEqual({ kind: 'trino', host: 'db2', port: 1433 })
  await project.deploy({}, true)
  expect(await project.connection('office')).toEqual({ kind: 'databricks', host: 'here', user: 'ann' })
})

test('a schedule of a module that was edited by SQL stays, and is said', async () => {
  await using project = await Project.make()
  await project.deploy({ module: EVERY_NIGHT })
  await project.sql(`update module set schedule = ${BY_HAND}`)
  // also where the YAML has a new one: no schedule is mixed from both
  for (const schedule of [EVERY_NIGHT, EVERY_NOON]) {
    const module = `description: Orders\n${schedule}`
    expect((await project.compare({ module })).editedByHand).toMatchObject([
      { subject: 'module shop', fields: [{ path: 'schedule', to: '{ cron: 30 4 * * *, timezone: UTC }' }] },
    ])
    await project.deploy({ module })
    expect(await project.module()).toMatchObject({
      description: 'Orders',
      schedule: { cron: '30 4 * * *', timezone: 'UTC' },
    })
  }
})

test('a schedule of a module that was taken away by SQL stays away', async () => {
  await using project = await Project.make()
  await project.deploy({ module: EVERY_NIGHT })
  await project.sql(`update module set schedule = null`)
  await project.deploy({ module: `description: Orders\n${EVERY_NOON}` })
  expect(await project.module()).toMatchObject({ description: 'Orders', schedule: null })
})

test('a module that was switched off by SQL stays off, also under an overwriting deploy', async () => {
  await using project = await Project.make()
  await project.deploy({})
  await project.sql(`update module set is_active = 0`)
  for (const module of ['', 'active: true', `active: true\n${EVERY_NIGHT}`]) {
    for (const overwrite of [false, true]) {
      await project.deploy({ module }, overwrite)
      expect(await project.module()).toMatchObject({ isActive: false })
    }
  }
  expect((await project.compare({ module: 'active: true' })).editedByHand).toMatchObject([
    { subject: 'module shop', fields: [{ path: 'active', from: 'true', to: 'false' }] },
  ])
})

test('a module that the YAML switched off it may switch on again', async () => {
  await using project = await Project.make()
  await project.deploy({})
  expect((await project.deploy({ module: 'active: false' })).written).toMatchObject([
    { subject: 'module shop', fields: [{ path: 'active', from: 'true', to: 'false' }] },
  ])
  expect(await project.module()).toMatchObject({ isActive: false })
  await project.deploy({ module: 'active: true' })
  expect(await project.module()).toMatchObject({ isActive: true })
})

test('connections and modules that no deploy wrote are kept, and followed from the first deploy on', async () => {
  await using project = await Project.make()
  await project.sql(`insert into connection (id, kind, options) values ('lake', 'duckdb', '{"path":"mine.duckdb"}')`)
  await project.sql(`insert into module (id, schedule) values ('shop', ${BY_HAND})`)
  const { kept } = await project.deploy({ module: EVERY_NIGHT })
  expect(kept.map(({ subject, fields }) => [subject, fields.map(({ path }) => path)])).toEqual([
    ['connection lake', ['path']],
    ['module shop', ['schedule']],
  ])
  expect(await project.connection('lake')).toEqual({ kind: 'duckdb', path: 'mine.duckdb' })
  expect(await project.module()).toMatchObject({ schedule: { cron: '30 4 * * *' }, deployed: true })

  // the YAML agrees with the rows: from then on it is only the YAML that changes
  const agreed = {
    lake: '{ kind: duckdb, path: mine.duckdb }',
    module: 'schedule: { cron: "30 4 * * *", timezone: UTC }',
  }
  expect((await project.deploy(agreed)).written).toEqual([])
  expect(await project.compare({ module: EVERY_NIGHT })).toMatchObject({
    undeployed: [{ subject: 'connection lake' }, { subject: 'module shop' }],
    editedByHand: [],
  })
})

test('a secret below a part that is told as a whole is not shown', async () => {
  await using project = await Project.make()
  await project.deploy({})
  const nested = `{"auth":{"password":"gehe1m","user":"eve"}}`
  await project.sql(`update connection set kind = 'files', options = '${nested}' where id = 'office'`)
  const said = JSON.stringify(await project.compare({}))
  expect(said).toContain('eve')
  expect(said).not.toContain('gehe1m')
})
