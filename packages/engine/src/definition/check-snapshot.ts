/** What a flow says of its snapshots that its own grammar cannot show. */
import type { SnapshotOptions } from '@tidemark/contract/capture'
import type { FlowBody } from '@tidemark/contract/flow-schema'
import { ARCHIVE_KINDS, HOT_KINDS } from '@tidemark/contract/project-schema'
import type { Finding } from './finding.ts'
import { type KnownConnections, unknownConnection } from './known-connections.ts'

export function* snapshotOf(flow: FlowBody, connections: KnownConnections): Generator<Finding> {
  if (flow.capture.kind !== 'snapshot') return
  const { include, exclude, normalise, archive, hot } = flow.capture.options as SnapshotOptions
  if (archive !== null && archive.connection !== null) yield* archiveOf(archive.connection, connections)
  if (hot === 'target') yield* hotOf(flow.target.connection, connections)
  const key = new Set(flow.key.map((name) => (flow.columns.rename[name] ?? name).toLowerCase()))
  if (flow.shape.kind === 'tree') yield { code: 'TM1017', path: ['shape'], message: 'a snapshot of a tree' }
  for (const [step, { queue, batch }] of Object.entries(flow.steps)) {
    const part = queue === null ? (batch === null ? null : 'batch') : 'queue'
    if (part === null) continue
    const message = `${part} of step ${step}: a snapshot takes all rows out by a statement of its own`
    yield { code: 'TM1019', path: ['steps', step, part], message }
  }
  for (const column of Object.keys(normalise)) {
    const path = ['capture', 'normalise', column]
    const isLeftOut =
      includes(exclude, column) || (include !== null && !includes(include, column) && !key.has(column.toLowerCase()))
    if (key.has(column.toLowerCase())) {
      const message = `normalise names "${column}", which is in the key: a key is compared as it is`
      yield { code: 'TM1019', path, onKey: true, message }
    } else if (isLeftOut) {
      const message = `normalise names "${column}", which is not compared`
      yield { code: 'TM1019', path, onKey: true, message }
    }
  }
  for (const [i, column] of exclude.entries()) {
    if (!key.has(column.toLowerCase())) continue
    const message = `compare leaves "${column}" out, which is in the key`
    yield { code: 'TM1019', path: ['capture', 'compare', 'exclude', i], message }
  }
}

function* archiveOf(id: string, connections: KnownConnections): Generator<Finding> {
  const path = ['capture', 'archive', 'connection']
  const known = connections.get(id)
  if (known === undefined) yield unknownConnection(id, path, connections)
  else if (!ARCHIVE_KINDS.includes(known.kind)) {
    const message = `an archive in connection "${id}", which is ${known.kind}: one of ${ARCHIVE_KINDS.join(', ')}`
    yield { code: 'TM1019', path, message }
  }
}

function* hotOf(target: string, connections: KnownConnections): Generator<Finding> {
  const known = connections.get(target)
  if (known === undefined || HOT_KINDS.includes(known.kind)) return
  const message = `hot: target, and the target is in connection "${target}", which is ${known.kind}: snapshots are kept in ${HOT_KINDS.join(' or ')}`
  yield { code: 'TM1019', path: ['capture', 'hot'], message, hint: 'write hot: local, or leave it out' }
}

const includes = (names: readonly string[], wanted: string): boolean =>
  names.some((name) => name.toLowerCase() === wanted.toLowerCase())
