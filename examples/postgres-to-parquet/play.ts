/** The story of this example: every act is a script of `sql/` and the command lines that follow it. */
import type { Databases } from '../play/databases.ts'
import type { Stage } from '../play/stage.ts'

export const databases: Databases = { GRID_URL: 'grid' }

const READINGS = 'lake.readings'
const ALARMS = 'lake.alarms'
const TARIFFS = 'lake.tariffs'

export async function play(stage: Stage): Promise<void> {
  stage.act('The meters of a power grid', '120 000 readings, 3 000 alarms, 240 tariffs in PostgreSQL.')
  await stage.sql('1-grid.sql')
  await stage.tidemark('deploy')
  await stage.tidemark('plan --all')

  stage.act('Monday: everything for the first time')
  await stage.tidemark('run --all')
  await stage.did(READINGS, 'all readings, a file for each batch', { inserted: 120_000 })
  await stage.did(ALARMS, 'all alarms', { inserted: 3_000 })
  await stage.did(TARIFFS, 'all tariffs', { inserted: 240 })

  stage.act(
    'Tuesday: the increment',
    '20 000 readings and 40 alarms more; of the tariffs 5 ended, 30 changed, one is new.',
  )
  await stage.sql('2-tuesday.sql')
  await stage.tidemark('run --all')
  await stage.did(READINGS, 'only the new readings, in a file of their own', { inserted: 20_000 })
  await stage.did(ALARMS, 'only the new alarms', { inserted: 40 })
  await stage.did(TARIFFS, 'the tariffs were replaced as a whole, so those that ended are gone', { deleted: 5 })

  stage.act('A gateway that commits late', 'It took its numbers early; others with greater ones commit before it.')
  await stage.sqlAround('3-gateway.sql', async () => {
    await stage.sql('4-meanwhile.sql')
    await stage.tidemark(`run ${READINGS}`)
    await stage.did(READINGS, 'held back: numbers of an open transaction may be missing', { status: 'nothing_to_do' })
  })
  await stage.tidemark(`run ${READINGS} ${ALARMS}`)
  await stage.did(READINGS, 'those of the gateway, and those of the others', { inserted: 500 + 300 })
  await stage.did(ALARMS, 'and its alarm', { inserted: 1 })

  stage.act(
    'The end of the month, and a crash',
    '150 000 readings; the run dies when it is about to commit its third batch.',
  )
  await stage.sql('5-month-end.sql')
  await stage.crash(`run ${READINGS}`, 'batch:before-commit:3')
  await stage.tidemark('resume --last')
  await stage.did(READINGS, 'the batches that were in stayed, the others followed', {
    inserted: 150_000,
    skipped_same: 0,
  })

  stage.act('Somebody deletes a third of the tariffs')
  await stage.sql('6-mistake.sql')
  const said = await stage.tidemark(`run ${TARIFFS}`, { exit: 1 })
  stage.check(said.includes('max_delete'), 'the brake held: the lake keeps what it has', said)
  await stage.sql('7-undone.sql')
  await stage.tidemark(`run ${TARIFFS} --fresh`)
  await stage.did(TARIFFS, 'put back, and read anew; nothing was lost', { inserted: 236, deleted: 0 })
}
