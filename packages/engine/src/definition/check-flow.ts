/** What a flow says that no single key can show: names that refer to nothing, settings that exclude each other. */
import type { FlowBody } from '@tidemark/contract/flow-schema'
import { ARCHIVE_ONLY_KINDS, PATH_KINDS } from '@tidemark/contract/project-schema'
import { formatTableName } from '@tidemark/contract/table-name'
import { columnsOf } from './check-columns.ts'
import { pathsOf } from './check-paths.ts'
import { combinationsOf, errorsOf, rejectsOf } from './check-policies.ts'
import { snapshotOf } from './check-snapshot.ts'
import { stepsOf } from './check-steps.ts'
import { type Finding, nearHint } from './finding.ts'
import { type KnownConnections, unknownConnection } from './known-connections.ts'
import { aliasedRefs } from './flow-refs.ts'
import { type Located, placeOf } from './located.ts'
import type { DefinitionProblem } from './problem.ts'

export function checkFlow(
  flow: FlowBody,
  located: Located,
  connections: KnownConnections,
  task: string,
): readonly DefinitionProblem[] {
  const findings = [
    ...connectionsOf(flow, connections),
    ...selfCopy(flow),
    ...joinsOf(flow),
    ...aliasesOf(flow),
    ...keyOf(flow),
    ...columnsOf(flow),
    ...combinationsOf(flow),
    ...pathsOf(flow, (id) => PATH_KINDS.includes(connections.get(id)?.kind ?? '')),
    ...stepsOf(flow),
    ...snapshotOf(flow, connections),
    ...rejectsOf(flow),
    ...errorsOf(flow),
  ]
  return findings.map(({ code, message, path, hint, onKey }) => ({
    code,
    message,
    hint: hint ?? null,
    place: placeOf(located, path, onKey ? 'key' : 'value'),
    task,
  }))
}

function* connectionsOf(flow: FlowBody, connections: KnownConnections): Generator<Finding> {
  for (const side of ['source', 'target'] as const) {
    const id = flow[side].connection
    const path = [side, 'connection']
    const known = connections.get(id)
    if (known === undefined) yield unknownConnection(id, path, connections)
    else if (ARCHIVE_ONLY_KINDS.includes(known.kind))
      yield {
        code: 'TM1019',
        path,
        message: `connection "${id}" is ${known.kind}: it holds archives of snapshots, and no tables`,
      }
    else if (!known.built) yield { code: 'TM1017', path, message: `a flow with a ${known.kind} connection` }
  }
}

function* selfCopy({ source, target }: FlowBody): Generator<Finding> {
  if (source.connection !== target.connection || formatTableName(source.table) !== formatTableName(target.table)) return
  yield { code: 'TM1019', path: ['target', 'table'], message: 'source and target are the same table' }
}

function* joinsOf({ source }: FlowBody): Generator<Finding> {
  const seen = new Set<string>()
  for (const [i, { as }] of source.joins.entries()) {
    const folded = as.toLowerCase()
    if (seen.has(folded)) yield { code: 'TM1014', path: ['source', 'join', i, 'as'], message: `join alias "${as}"` }
    seen.add(folded)
  }
}

function* aliasesOf(flow: FlowBody): Generator<Finding> {
  const aliases = flow.source.joins.map(({ as }) => as)
  for (const { ref, path } of aliasedRefs(flow)) {
    if (ref.table === null || aliases.includes(ref.table)) continue
    const quoted = `a column with a dot in its name is quoted: "${ref.table}.${ref.column}"`
    yield {
      code: 'TM1013',
      path,
      message: `no join is called "${ref.table}"`,
      hint: nearHint(ref.table, aliases) ?? quoted,
    }
  }
}

function* keyOf({ key, excludeKeys }: FlowBody): Generator<Finding> {
  for (const column of Object.keys(excludeKeys)) {
    if (key.includes(column)) continue
    const path = ['exclude_keys', column]
    yield {
      code: 'TM1013',
      path,
      onKey: true,
      message: `exclude_keys names "${column}", which is not in the key [${key.join(', ')}]`,
    }
  }
}
