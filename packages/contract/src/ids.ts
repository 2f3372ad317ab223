/** Branded ids. Each has exactly one parser; nothing else makes one. */
declare const brand: unique symbol
type Branded<K extends string> = string & { readonly [brand]: K }

export type ModuleId = Branded<'ModuleId'>
export type TaskId = Branded<'TaskId'>
/** `module.task`: one table's movement. */
export type FlowId = Branded<'FlowId'>
export type ConnectionId = Branded<'ConnectionId'>
/** `r-` and five characters, short because people type it. */
export type RunId = Branded<'RunId'>
/** `g-` and five characters: the runs that one command started. */
export type GroupId = Branded<'GroupId'>
/** Random, made with the control store: fences and markers in a target name the store they belong to. */
export type StoreId = Branded<'StoreId'>

export const NAME_PATTERN = /^[A-Za-z][A-Za-z0-9_-]{0,62}$/
const RUN_PATTERN = /^r-[0-9a-hjkmnp-tv-z]{5}$/
const GROUP_PATTERN = /^g-[0-9a-hjkmnp-tv-z]{5}$/
const STORE_PATTERN = /^[0-9a-f]{16}$/

function parser<K extends string>(what: string, pattern: RegExp): (text: string) => Branded<K> {
  return (text) => {
    if (!pattern.test(text)) throw new TypeError(`${what} "${text}" must match ${pattern.source}`)
    return text as Branded<K>
  }
}

export const parseModuleId = parser<'ModuleId'>('module id', NAME_PATTERN)
export const parseTaskId = parser<'TaskId'>('task id', NAME_PATTERN)
export const parseConnectionId = parser<'ConnectionId'>('connection id', NAME_PATTERN)
export const parseRunId = parser<'RunId'>('run id', RUN_PATTERN)
export const parseGroupId = parser<'GroupId'>('group id', GROUP_PATTERN)
export const parseStoreId = parser<'StoreId'>('store id', STORE_PATTERN)
export const parseFlowId = parser<'FlowId'>('flow id', /^[A-Za-z][A-Za-z0-9_-]{0,62}\.[A-Za-z][A-Za-z0-9_-]{0,62}$/)

export const flowIdOf = (module: ModuleId, task: TaskId): FlowId => parseFlowId(`${module}.${task}`)
