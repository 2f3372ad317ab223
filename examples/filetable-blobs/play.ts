/** The story of this example: every act is a script of `sql/` and the command lines that follow it. */
import type { Servers } from '../play/server.ts'
import type { Stage } from '../play/stage.ts'

/** Made by the first script, and gone with the example. */
export const server: Servers = {
  variable: 'OFFICE_URL',
  databases: ['Records_Blobs', 'Records_Metadata', 'Clients_Metadata', 'North_FileTable', 'South_FileTable'],
}

const REFERRALS = 'north.referral-attachment'
const CLIENTS = 'south.client-attachment'
const UNIT_1 = '11111111-0000-0000-0000-000000000001'

export async function play(stage: Stage): Promise<void> {
  stage.act(
    'An office with blobs, metadata and two receivers',
    'Two tables shaped like FileTables in one database, their metadata in two others, a target database for each',
    'receiver, with the business units that it may see.',
  )
  await stage.sql('1-databases.sql')
  await stage.sql('2-documents.sql')
  await stage.tidemark('deploy')
  await stage.tidemark(`plan ${REFERRALS} --scope business_unit=${UNIT_1}`)

  stage.act('One business unit alone')
  await stage.tidemark(`run ${REFERRALS} --scope business_unit=${UNIT_1}`)
  await stage.did(
    REFERRALS,
    'its 15 cases and 301 letters, and above them the folders that nobody stamped: 4 of its own',
    {
      inserted: 15 + 301 + 4 + 3,
    },
  )
  stage.text(
    'and three levels of unit 3, whose case it filed a report into. The key that is excluded everywhere is not among them.',
  )

  stage.act('Everything, for both receivers')
  await stage.tidemark('run --all')
  await stage.did(REFERRALS, 'the other unit of the north', { inserted: 15 + 300 + 4 })
  await stage.did(CLIENTS, 'the two units of the south', { inserted: 2 * (15 + 300 + 4) })

  stage.act(
    'A day in the office',
    'Twelve letters are written anew, the sealed one besides; a case moves into another year; a scanner makes three',
    'folders without metadata, one in the other, and puts a page into the last.',
  )
  await stage.sql('3-a-day.sql')
  await stage.tidemark('run --all')
  await stage.did(REFERRALS, 'the letters, and the moved case with its 20 letters, though only the case was stamped', {
    updated: 12 + 21,
    inserted: 0,
  })
  await stage.did(CLIENTS, 'three levels of missing parents came before the page', { inserted: 4 })

  stage.act(
    'A crash in mid-run',
    '601 letters of the south change at once. The run dies when it is about to commit its third batch.',
  )
  await stage.sql('4-all-clients.sql')
  await stage.crash(`run ${CLIENTS}`, 'batch:before-commit:3')
  const killed = await stage.lastRun(CLIENTS)
  await stage.sql('5-one-more.sql')
  await stage.tidemark('resume --last')
  const resumed = await stage.lastRun(CLIENTS)
  stage.check(
    resumed.run === killed.run && resumed.rows.updated === 601 && resumed.rows.skipped_same === 0,
    `${resumed.run} went on where it died: the batches that were in were not done again`,
    JSON.stringify(resumed),
  )
  await stage.tidemark('run --all')
  await stage.did(CLIENTS, 'and a run of its own took what was written meanwhile', { updated: 1 })
}
