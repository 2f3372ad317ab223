/** The definitions of the project that the demo leaves behind. The first line tells that the demo may make it anew. */
import type { Definitions } from './demo-database.ts'

export const MADE_BY_DEMO = '# Made by tidemark demo, which makes this project anew each time it is played.'

export const FLOW = 'documents.files'

export const projectYaml = ({ connections }: Definitions): string => `${MADE_BY_DEMO}
project: documents
control: sqlite:.tidemark/control.db                     # definitions and ledger
engine: { memory: 1GiB, threads: 2, temp: .tidemark/tmp }
connections:
${connections.map((line) => `  ${line}\n`).join('')}`

export const moduleYaml = ({ source, target }: Definitions): string => `module: documents
description: A tree of files with their content
tasks:
  - id: files
    order: 1
    flow:
      source:
        connection: ${source.connection}
        table: ${source.files}
        join:
          - { table: ${source.metadata}, as: meta, on: { stream_id: stream_id } }
      target: { connection: ${target.connection}, table: ${target.files} }
      key: [stream_id]
      capture:
        kind: watermark
        position: meta.modified_on
        clock: utc
        stamped_by: database
        buffer: 0s            # nobody else writes here; a live system gives late transactions some minutes
        nulls: fail
      apply: latest
      shape: { kind: tree, locator: path_locator, parent: parent_path_locator }
      scope: { business_unit: meta.owning_business_unit }
      batch: { rows: 500, bytes: 64MiB }
`

export const GITIGNORE = `.tidemark/
.env
/data/
`
