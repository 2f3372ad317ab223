import { type Finding, nearHint } from './finding.ts'

/** id → kind, and whether that kind can be used yet */
export type KnownConnections = ReadonlyMap<string, { readonly kind: string; readonly built: boolean }>

export function unknownConnection(id: string, path: Finding['path'], connections: KnownConnections): Finding {
  const names = [...connections.keys()]
  const hint = nearHint(id, names) ?? `there is ${names.length === 0 ? 'none' : names.join(', ')}`
  return { code: 'TM1013', path, message: `connection "${id}" is not defined`, hint }
}
