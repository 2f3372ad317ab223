/** A module as people write it: what all of its flows share stands once, in its defaults. Pure. */
import { canonical, type JsonMap } from '../../definition/canonical.ts'
import type { ImportedTask } from './translate-installation.ts'

interface ModuleOf {
  readonly id: string
  readonly database: string
  readonly active: boolean
}

/** Those of a flow alone: where it reads and writes is said there. */
const OWN: ReadonlySet<string> = new Set(['source', 'target', 'on_error'])

/** `policies`: of every table. */
export function moduleDocument(
  { id, database, active }: ModuleOf,
  tasks: readonly ImportedTask[],
  policies: readonly JsonMap[],
): JsonMap {
  const shared = tasks.length > 1 ? sharedBy(tasks.map((t) => t.flow)) : {}
  const general = policies.length === 0 ? {} : { on_error: policies }
  const defaults = canonical({ ...shared, ...general }) as JsonMap
  return {
    module: id,
    description: `Tables of ${database}`,
    ...(active ? {} : { active: false }),
    ...(Object.keys(defaults).length === 0 ? {} : { defaults }),
    tasks: tasks.map((task) => ({
      id: task.id,
      order: task.order,
      ...(task.active ? {} : { active: false }),
      flow: canonical(without(task.flow, Object.keys(shared))),
    })),
  }
}

function sharedBy(flows: readonly JsonMap[]): JsonMap {
  const [first = {}, ...others] = flows
  return Object.fromEntries(
    Object.entries(first).filter(
      ([key, value]) => !OWN.has(key) && others.every((f) => JSON.stringify(f[key]) === JSON.stringify(value)),
    ),
  )
}

const without = (flow: JsonMap, keys: readonly string[]): JsonMap =>
  Object.fromEntries(Object.entries(flow).filter(([key]) => !keys.includes(key)))
