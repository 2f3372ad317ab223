/** Targets that follow the source in everything: `live` loses rows, `forensic` keeps their versions. */
import { type FlowSpec, formatMaxDelete, VERSION_COLUMNS } from '@tidemark/contract/flow'
import { formatColumnRef, formatTableName } from '@tidemark/contract/table-name'
import type { FlowRelation, TableFacts, TargetPort } from '../dialects/contract.ts'
import { AppError } from '../runtime/app-error.ts'

const OWN: readonly string[] = Object.values(VERSION_COLUMNS)

type Target = Pick<TargetPort, 'castNarrowing' | 'typeNamed'>

/** The relation of a mirror, with what its deletions go by; any other as it is. `facts` null: the run makes the table. */
export async function mirrored(
  d: FlowSpec,
  r: FlowRelation,
  target: Target,
  facts: TableFacts | null,
): Promise<FlowRelation> {
  if (r.target.versions !== undefined) await refuseUnversioned(d, r, target, facts)
  return d.apply.kind === 'live' || d.apply.kind === 'forensic'
    ? { ...r, target: { ...r.target, carries: carriedScope(d, r) } }
    : r
}

/** Where the target holds the run's scope. Throws TM1019. */
function carriedScope(d: FlowSpec, r: FlowRelation): NonNullable<FlowRelation['target']['carries']> {
  return r.scope.map(({ column: ref, value }) => {
    const held = r.columns.find(
      (x) =>
        x.source === ref.column &&
        (ref.table === null ? x.origin.kind === 'main' : x.origin.kind === 'joined' && x.origin.alias === ref.table),
    )
    if (held !== undefined && held.cast === null && held.mask === null)
      return { column: held.target, type: held.targetType, value }
    const how = held === undefined ? 'does not get' : held.mask === null ? 'gets cast' : 'gets masked'
    throw new AppError(
      'TM1019',
      `${d.id}: apply: ${d.apply.kind} deletes a row only while it carries the scope of the run, and the target ${how} ${formatColumnRef(ref)}`,
      { remedy: [`deliver ${ref.column} as it is, or run the flow without a scope`] },
    )
  })
}

async function refuseUnversioned(
  d: FlowSpec,
  r: FlowRelation,
  target: Target,
  facts: TableFacts | null,
): Promise<void> {
  const taken = r.columns.find((x) => OWN.includes(x.target.toLowerCase()))
  if (taken !== undefined)
    throw new AppError(
      'TM1019',
      `${d.id}: apply: forensic keeps ${OWN.join(' and ')} itself, and the flow brings ${taken.target}`,
      { remedy: [`columns: { rename: { ${taken.source}: ANOTHER_NAME } }`] },
    )
  if (facts === null) return
  const table = formatTableName(r.target.table)
  const integer = (await target.typeNamed('integer')) ?? 'integer'
  for (const name of OWN) {
    const found = facts.columns.find((x) => x.name === name)
    if (found === undefined)
      throw new AppError('TM4002', `${table} has no ${name}, which apply: forensic tells its versions by`, {
        remedy: [
          `ALTER TABLE ${table} ADD COLUMN ${name} integer, and give it its values`,
          'or name a table that is not there yet: the first run makes it',
        ],
      })
    if (target.castNarrowing(integer, found.type) !== null)
      throw new AppError('TM4003', `${table}: ${name} is ${found.type}, which does not hold every ${integer}`)
  }
  const filled = new Set(r.columns.map((x) => x.target))
  const unique = facts.uniqueKeys.find((names) => names.every((name) => filled.has(name)))
  if (unique !== undefined)
    throw new AppError(
      'TM1019',
      `${d.id}: ${table} is unique over ${unique.join(', ')}, so it cannot hold a second version of a row`,
      { remedy: [`make it unique over ${[...unique, VERSION_COLUMNS.from].join(', ')}`] },
    )
}

export const mirrorNote = ({ apply }: FlowSpec, allowed: boolean): string =>
  `rows that the source no longer has are ${apply.kind === 'live' ? 'deleted' : 'closed'}: ${allowed ? 'any number of them, as asked for' : `at most ${formatMaxDelete(apply.maxDelete)}`}`
