/** The definitions of the project that the demo leaves behind. The first line tells that the demo may make it anew. */
export const MADE_BY_DEMO = '# Made by tidemark demo, which makes this project anew each time it is played.'

export const FLOW = 'documents.files'

export const PROJECT_YAML = `${MADE_BY_DEMO}
project: documents
control: sqlite:.tidemark/control.db                     # definitions and ledger
engine: { memory: 1GiB, threads: 2, temp: .tidemark/tmp }
connections:
  office: { kind: duckdb, path: data/office.duckdb }     # the source: a tree of files in a table, their metadata in another
  archive: { kind: duckdb, path: data/archive.duckdb }   # the target, made by the first run
`

export const MODULE_YAML = `module: documents
description: A tree of files with their content
tasks:
  - id: files
    order: 1
    flow:
      source:
        connection: office
        table: files
        join:
          - { table: metadata, as: meta, on: { stream_id: stream_id } }
      target: { connection: archive, table: files }
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
