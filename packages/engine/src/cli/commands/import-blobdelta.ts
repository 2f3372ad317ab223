import { mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { ImportDocument } from '@tidemark/contract/operate-documents'
import type { Command } from '../command.ts'
import { confirm } from '../confirm.ts'
import { importText } from '../print/import-text.ts'

const DATABASE = 'BlobDeltaJobs'

export const importBlobDelta: Command = async (context, { options }) => {
  const folder = options.given(['--write']).length === 0 ? null : options.required('--write')
  const wanted = {
    connection: options.required('--connection'),
    database: options.given(['--database']).length === 0 ? DATABASE : options.required('--database'),
    dir: folder === null ? null : path.resolve(context.io.cwd, folder),
  }
  const deploy = options.flag('--deploy')
  await using app = await context.openApp({ keepsBytes: !deploy })

  const found = await app.importBlobDelta({ ...wanted, deploy: false })
  await refuseUnasked(found)
  const done = deploy ? await app.importBlobDelta({ ...wanted, deploy: true }) : found
  for (const { file, yaml } of done.modules) {
    if (file === null) continue
    await mkdir(path.dirname(file), { recursive: true })
    await writeFile(file, yaml)
  }
  context.answer(done, () => importText(done, folder, context.screen))
  return 0

  /** What is there already is not written over unasked. */
  async function refuseUnasked({ modules }: ImportDocument): Promise<void> {
    const others: string[] = []
    for (const { file, yaml } of modules) {
      if (file === null) continue
      const there = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return null
        throw error
      })
      if (there !== null && there !== yaml) others.push(path.join(folder ?? '', path.basename(file)))
    }
    if (others.length === 0) return
    const names = others.join(', ')
    await confirm(context, options.flag('--yes'), `Write over ${names}?`, `import would write over ${names}`)
  }
}
