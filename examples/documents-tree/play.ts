/** The story of this example: every act is a script of `sql/` and the command lines that follow it. */
import type { Stage } from '../play/stage.ts'

const FLOW = 'documents.files'

export async function play(stage: Stage): Promise<void> {
  stage.act(
    '7 400 documents and folders of three business units',
    'One table that refers to itself, metadata in another.',
  )
  await stage.sql('1-documents.sql')
  await stage.tidemark('deploy')
  await stage.tidemark(`plan ${FLOW} --scope business_unit=north`)

  stage.act('One business unit alone')
  await stage.tidemark(`run ${FLOW} --scope business_unit=north`)
  await stage.did(FLOW, 'the 2 467 rows of the north, and three folders of the south in which it filed a report', {
    inserted: 2467 + 3,
  })
  stage.text('One letter of the north is under a court order: its key is excluded, and it is not among them.')

  stage.act('Then all the others')
  await stage.tidemark(`run ${FLOW}`)
  await stage.did(FLOW, 'the rows of the south and the west, less the three folders that are there', {
    inserted: 7400 - 2468 - 3,
  })

  stage.act(
    'A day in the office',
    '30 letters edited, the sealed one besides; a year of the north moved into a folder of the south; a page in a',
    'folder of a scanner, which writes no metadata for folders; a letter whose folder is not there yet.',
  )
  await stage.sql('2-a-day.sql')
  await stage.tidemark(`run ${FLOW}`, { exit: 4 })
  await stage.did(FLOW, 'the moved folder took its 492 rows along; the scanner’s folders came before their page', {
    status: 'succeeded_with_rejects',
    inserted: 3,
    updated: 30 + 493,
    rejected: 1,
  })
  const open = await stage.tidemark(`rejects list ${FLOW}`)
  stage.check(open.includes('TM4012'), 'the letter without a folder is kept, with the reason, until it can land', open)

  stage.act('The folder is made')
  await stage.sql('3-the-folder.sql')
  await stage.tidemark(`run ${FLOW}`)
  await stage.did(FLOW, 'two folders, and the letter that waited for them', { inserted: 3, rejected: 0 })
  await stage.tidemark(`rejects list ${FLOW}`)

  stage.act(
    'A crash in mid-run',
    '5 760 fees change at once. The run is killed when it is about to commit its fifth batch.',
  )
  await stage.sql('4-new-fees.sql')
  await stage.crash(`run ${FLOW}`, 'batch:before-commit:5')
  const killed = await stage.lastRun(FLOW)
  await stage.sql('5-one-more.sql')
  await stage.tidemark('resume --last')
  const resumed = await stage.lastRun(FLOW)
  stage.check(
    resumed.run === killed.run && resumed.rows.updated === 5760 && resumed.rows.skipped_same === 0,
    `${resumed.run} went on where it died: the batches that were in were not done again`,
    JSON.stringify(resumed),
  )
  await stage.tidemark(`run ${FLOW}`)
  await stage.did(FLOW, 'and a run of its own took what was written meanwhile', { updated: 1 })
}
